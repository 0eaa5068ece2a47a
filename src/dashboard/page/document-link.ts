/**
 * The page's copy of the cluster document, kept the same as the node's over a WebSocket: the messages of y-protocols, and the
 * node's word whether this page may write.
 *
 * Invariant: what others do is taken in whole or not at all; what is written here is sent only while the node takes it, and a
 * copy that holds what no other will take is thrown away. The page says who is there only if that is known.
 */

import * as Y from 'yjs';
import type { Clock, RandomInteger } from '../../../net/clock.ts';
import { AwarenessTable } from '../../../net/document/awareness.ts';
import {
  BROWSER_PROTOCOL,
  BROWSER_TOKEN_PREFIX,
  decodeBrowserMessage,
  encodeBrowserMessage,
  type BrowserMessage,
} from '../../../net/document/browser.ts';
import { AWARENESS_RENEW_MS } from '../../../net/document/limits.ts';
import {
  ACKNOWLEDGEMENTS,
  INCIDENTS,
  MEMBERS,
  NAME_CHARACTERS_MAX,
  NOTE_INDEX,
  noteName,
  TEXT_CHARACTERS_MAX,
  TITLE_CHARACTERS_MAX,
  type AcknowledgementEntry,
  type IncidentEntry,
  type IncidentView,
  type MemberEntry,
} from '../../document/shape.ts';
import type { OpenSocket } from './browser.ts';
import { retryDelayMs } from './model/connection.ts';
import { readDocumentState, type DocumentState } from './model/document-state.ts';
import type { TextChange } from './model/text-change.ts';

/** Of the RPC server. */
const DOCUMENT_PATH = '/document';
/** Changes are gathered for this long before they are shown; a note that is open shows them at once. */
const SHOW_MS = 150;
/** Origin of what is written on this page. */
const HERE = Symbol('written on this page');

/** Who writes, and what shows that they may. */
export interface Access {
  readonly name: string;
  readonly token: string;
}

export interface DocumentLinkOptions {
  readonly clock: Clock;
  readonly random: RandomInteger;
  readonly openSocket: OpenSocket;
  readonly onChange: (state: DocumentState) => void;
}

export class DocumentLink {
  readonly #options: DocumentLinkOptions;
  #doc = new Y.Doc();
  #presences = new AwarenessTable();
  #socket: WebSocket | undefined;
  #access: Access | undefined;
  #mayWrite = false;
  #viewing: string | null = null;
  #failures = 0;
  #isShowing = false;
  #cancelRetry: (() => void) | undefined;

  constructor(options: DocumentLinkOptions) {
    this.#options = options;
    this.#follow();
  }

  start(access: Access | undefined): void {
    this.#access = access;
    this.#connect();
    this.#renew();
  }

  /** Connects anew, as somebody else. */
  enter(access: Access | undefined): void {
    this.#access = access;
    this.#failures = 0;
    this.#hangUp();
    this.#connect();
  }

  /** The note that is open here, for the others to see. */
  view(key: string | null): void {
    if (key === this.#viewing) return;
    this.#viewing = key;
    this.#sayPresence();
  }

  note(key: string): Y.Text {
    return this.#doc.getText(noteName(key));
  }

  /** Precondition: `change` was made to the text that the note has now. */
  edit(key: string, { at, deleted, inserted }: TextChange): void {
    this.#write(() => {
      const text = this.note(key);
      if (deleted > 0) text.delete(at, deleted);
      if (inserted !== '') text.insert(at, inserted);
      const index = this.#doc.getMap(NOTE_INDEX);
      if (!index.has(key)) index.set(key, { atMs: this.#options.clock.wallMs() });
    });
  }

  acknowledge(alertId: string, note: string): void {
    const entry: AcknowledgementEntry = {
      by: this.#name,
      atMs: this.#options.clock.wallMs(),
      note: note.slice(0, TEXT_CHARACTERS_MAX),
    };
    this.#write(() => this.#doc.getMap(ACKNOWLEDGEMENTS).set(alertId, entry));
  }

  /** `id`: random hex digits. */
  openIncident(id: string, title: string): void {
    const entry: IncidentEntry = {
      title: title.slice(0, TITLE_CHARACTERS_MAX),
      openedAtMs: this.#options.clock.wallMs(),
      openedBy: this.#name,
      closedAtMs: null,
    };
    this.#write(() => this.#doc.getMap(INCIDENTS).set(id, entry));
  }

  closeIncident({ id, title, openedAtMs, openedBy }: IncidentView): void {
    const entry: IncidentEntry = { title, openedAtMs, openedBy, closedAtMs: this.#options.clock.wallMs() };
    this.#write(() => this.#doc.getMap(INCIDENTS).set(id, entry));
  }

  /** How people call a member, and where they say it stands. */
  label(peerId: string, { label, region }: MemberEntry): void {
    const entry = { label: label.slice(0, NAME_CHARACTERS_MAX), region: region.slice(0, NAME_CHARACTERS_MAX) };
    this.#write(() => this.#doc.getMap(MEMBERS).set(peerId, entry));
  }

  get #name(): string {
    return (this.#access?.name ?? '').slice(0, NAME_CHARACTERS_MAX);
  }

  #write(change: () => void): void {
    if (this.#mayWrite) this.#doc.transact(change, HERE);
  }

  #follow(): void {
    this.#doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === HERE) this.#send({ kind: 'update', update });
      this.#show();
    });
  }

  #connect(): void {
    const { openSocket } = this.#options;
    const token = this.#access?.token ?? '';
    const offered = token === '' ? [] : [BROWSER_TOKEN_PREFIX + base64url(token)];
    const socket = openSocket(DOCUMENT_PATH, [BROWSER_PROTOCOL, ...offered]);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('open', () => {
      if (socket !== this.#socket) return;
      this.#failures = 0;
      this.#send({ kind: 'step-1', stateVector: Y.encodeStateVector(this.#doc) });
      this.#sayPresence();
      this.#show();
    });
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (socket === this.#socket && data instanceof ArrayBuffer) this.#receive(new Uint8Array(data));
    });
    socket.addEventListener('close', () => this.#lose(socket));
  }

  #hangUp(): void {
    this.#cancelRetry?.();
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    this.#mayWrite = false;
    this.#show();
  }

  #lose(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#hangUp();
    this.#failures++;
    const { clock, random } = this.#options;
    this.#cancelRetry = clock.schedule(retryDelayMs(this.#failures, random), () => this.#connect());
  }

  #receive(frame: Uint8Array): void {
    const message = decodeBrowserMessage(frame);
    switch (message?.kind) {
      case 'step-1':
        this.#send({ kind: 'step-2', update: Y.encodeStateAsUpdate(this.#doc, message.stateVector) });
        break;
      case 'step-2':
      case 'update':
        Y.applyUpdate(this.#doc, message.update, this);
        break;
      case 'awareness':
        this.#presences.take(message.update, this.#options.clock.monotonicMs(), this.#doc.clientID);
        break;
      case 'may-write':
        this.#heardMayWrite(message.mayWrite);
        break;
      case undefined:
        return;
    }
    this.#show();
  }

  #heardMayWrite(mayWrite: boolean): void {
    const isRefused = this.#mayWrite && !mayWrite;
    this.#mayWrite = mayWrite;
    if (!isRefused) return;
    // The document is full: what was written here last stands nowhere else.
    this.#doc.destroy();
    this.#doc = new Y.Doc();
    this.#follow();
    this.#send({ kind: 'step-1', stateVector: Y.encodeStateVector(this.#doc) });
  }

  #send(message: BrowserMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encodeBrowserMessage(message).slice());
  }

  #sayPresence(): void {
    if (this.#name === '') return;
    const client = this.#doc.clientID;
    this.#presences.set(client, { name: this.#name, viewing: this.#viewing }, this.#options.clock.monotonicMs());
    this.#send({ kind: 'awareness', update: this.#presences.encode([client]) });
  }

  #renew(): void {
    const { clock } = this.#options;
    clock.schedule(AWARENESS_RENEW_MS, () => this.#renew());
    this.#sayPresence();
    if (this.#presences.expire(clock.monotonicMs()).length > 0) this.#show();
  }

  #show(): void {
    if (this.#isShowing) return;
    this.#isShowing = true;
    const { clock, onChange } = this.#options;
    clock.schedule(SHOW_MS, () => {
      this.#isShowing = false;
      const isConnected = this.#socket?.readyState === WebSocket.OPEN;
      const link = { isConnected, mayWrite: this.#mayWrite && isConnected, ownName: this.#name };
      onChange(readDocumentState(this.#doc, this.#presences, link));
    });
  }
}

function base64url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
