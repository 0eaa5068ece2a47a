/**
 * What a browser and its node say to each other about the cluster document, one message a WebSocket frame: the sync and awareness
 * messages of y-protocols as y-websocket frames them, and one of our own. Grammar: docs/protocol.md.
 *
 * Invariant: a frame decodes to one message and nothing else; a kind that is not known decodes to undefined, so that a page of
 * another version is not cut off. To a browser a whole document may go; what comes from one is BROWSER_FRAME_BYTES_MAX at most,
 * which its socket enforces.
 */

import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { AWARENESS_BYTES_MAX, DOCUMENT_FRAME_BYTES_MAX, STATE_VECTOR_BYTES_MAX } from './limits.ts';

/** What a page asks for in `Sec-WebSocket-Protocol`. */
export const BROWSER_PROTOCOL = 'driftlock.document.v1';
/** A second entry of that list: this and the write token as base64url. */
export const BROWSER_TOKEN_PREFIX = 'driftlock.token.';

const SYNC = 0;
const AWARENESS = 1;
const MAY_WRITE = 2;

const STEP_1 = 0;
const STEP_2 = 1;
const UPDATE = 2;

export type BrowserMessage =
  /** What the sender has; answered with what it lacks. */
  | { readonly kind: 'step-1'; readonly stateVector: Uint8Array }
  /** What the receiver seemed to lack. */
  | { readonly kind: 'step-2'; readonly update: Uint8Array }
  | { readonly kind: 'update'; readonly update: Uint8Array }
  | { readonly kind: 'awareness'; readonly update: Uint8Array }
  /** To the browser: whether what it writes is taken. */
  | { readonly kind: 'may-write'; readonly mayWrite: boolean };

export function encodeBrowserMessage(message: BrowserMessage): Uint8Array {
  const writer = new Writer();
  switch (message.kind) {
    case 'step-1':
      return writer.varint(SYNC).varint(STEP_1).bytes(message.stateVector).finish();
    case 'step-2':
      return writer.varint(SYNC).varint(STEP_2).bytes(message.update).finish();
    case 'update':
      return writer.varint(SYNC).varint(UPDATE).bytes(message.update).finish();
    case 'awareness':
      return writer.varint(AWARENESS).bytes(message.update).finish();
    case 'may-write':
      return writer
        .varint(MAY_WRITE)
        .varint(message.mayWrite ? 1 : 0)
        .finish();
  }
}

/** Undefined for a kind that is not known. Parts are views into `frame`. Throws `DecodeError`. */
export function decodeBrowserMessage(frame: Uint8Array): BrowserMessage | undefined {
  const reader = new Reader(frame);
  const message = readMessage(reader);
  if (message !== undefined) reader.end('browser message');
  return message;
}

function readMessage(reader: Reader): BrowserMessage | undefined {
  switch (reader.varint('message kind')) {
    case SYNC:
      return readSync(reader);
    case AWARENESS:
      return { kind: 'awareness', update: reader.bytes('awareness', AWARENESS_BYTES_MAX) };
    case MAY_WRITE:
      return { kind: 'may-write', mayWrite: reader.varint('may write', 1) === 1 };
    default:
      return undefined;
  }
}

function readSync(reader: Reader): BrowserMessage | undefined {
  switch (reader.varint('sync step')) {
    case STEP_1:
      return { kind: 'step-1', stateVector: reader.bytes('state vector', STATE_VECTOR_BYTES_MAX) };
    case STEP_2:
      return { kind: 'step-2', update: reader.bytes('update', DOCUMENT_FRAME_BYTES_MAX) };
    case UPDATE:
      return { kind: 'update', update: reader.bytes('update', DOCUMENT_FRAME_BYTES_MAX) };
    default:
      return undefined;
  }
}
