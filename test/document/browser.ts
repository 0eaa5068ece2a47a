/** A browser's side of the cluster document: a Yjs document and awareness, synced by y-protocols over a real WebSocket. */

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness.js';
import { readSyncMessage, writeSyncStep1, writeUpdate } from 'y-protocols/sync.js';
import * as Y from 'yjs';
import { BROWSER_PROTOCOL, BROWSER_TOKEN_PREFIX } from '../../net/document/browser.ts';

export class Browser {
  readonly doc = new Y.Doc();
  readonly awareness = new Awareness(this.doc);
  readonly socket: WebSocket;
  /** What the server said last. */
  mayWrite: boolean | undefined;
  closed: { readonly code: number; readonly reason: string } | undefined;

  /** `url`: of the RPC server. */
  constructor(url: string, token?: string) {
    const offered = token === undefined ? [] : [BROWSER_TOKEN_PREFIX + Buffer.from(token).toString('base64url')];
    this.socket = new WebSocket(new URL('/document', url), [BROWSER_PROTOCOL, ...offered]);
    this.socket.binaryType = 'arraybuffer';
    this.socket.addEventListener('open', () => {
      this.send(0, (encoder) => writeSyncStep1(encoder, this.doc));
      this.#sayPresence();
    });
    this.socket.addEventListener('message', ({ data }) => this.#receive(new Uint8Array(data)));
    this.socket.addEventListener('close', ({ code, reason }) => {
      this.closed = { code, reason };
      this.awareness.destroy();
    });
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.send(0, (encoder) => writeUpdate(encoder, update));
    });
    this.awareness.on('update', (_changes: object, origin: unknown) => {
      if (origin !== this) this.#sayPresence();
    });
  }

  send(kind: number, write: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, kind);
    write(encoder);
    this.sendBytes(encoding.toUint8Array(encoder));
  }

  sendBytes(bytes: Uint8Array): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(bytes.slice());
  }

  /** The states of everybody who is there, but for this browser. */
  others(): unknown[] {
    return [...this.awareness.getStates()].flatMap(([client, state]) => (client === this.doc.clientID ? [] : [state]));
  }

  close(): void {
    this.socket.close();
    this.awareness.destroy();
  }

  #sayPresence(): void {
    const update = encodeAwarenessUpdate(this.awareness, [this.doc.clientID]);
    this.send(1, (encoder) => encoding.writeVarUint8Array(encoder, update));
  }

  #receive(frame: Uint8Array): void {
    const decoder = decoding.createDecoder(frame);
    const kind = decoding.readVarUint(decoder);
    if (kind === 0) {
      const encoder = encoding.createEncoder();
      encoding.writeVarUint(encoder, 0);
      readSyncMessage(decoder, encoder, this.doc, this);
      if (encoding.length(encoder) > 1) this.sendBytes(encoding.toUint8Array(encoder));
    } else if (kind === 1) {
      applyAwarenessUpdate(this.awareness, decoding.readVarUint8Array(decoder), this);
    } else {
      this.mayWrite = decoding.readVarUint(decoder) === 1;
    }
  }
}
