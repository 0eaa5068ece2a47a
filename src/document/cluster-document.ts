/**
 * The cluster document of one node: a Yjs document, and what keeps it from harm.
 *
 * Invariants:
 * - What arrives is decoded on the side before it is applied, and counted against the limits of `net/document/limits.ts`.
 * - Nothing waits in the document for what is missing: an update that refers to something unknown is taken in as far as it goes,
 *   and the rest is dropped, since an exchange brings it again. Yjs would keep it without bound.
 * - Chance comes from the given source: it names this run's writer (Yjs' client id) and nothing else.
 */

import * as Y from 'yjs';
import { blake3 } from '../../crdt/hash.ts';
import type { RandomInteger } from '../../net/clock.ts';
import {
  DOCUMENT_ALERT_BYTES_MAX,
  DOCUMENT_BYTES_MAX,
  DOCUMENT_FINGERPRINT_BYTES,
  DOCUMENT_MERGED_BYTES_MAX,
  DOCUMENT_MERGED_STRUCTS_MAX,
  DOCUMENT_STRUCTS_MAX,
} from '../../net/document/limits.ts';

/** Yjs numbers its writers with 32 bits. */
const CLIENT_IDS = 2 ** 32;

export type Taken =
  /** All of it is in the document now, or was before. */
  | 'applied'
  /** Something it refers to is not here. */
  | 'incomplete'
  /** The document has no room for it; nothing was taken. */
  | 'full'
  /** It is no update; nothing was taken, or what came before the bad part. */
  | 'malformed';

/** How much a document may hold after an update was taken. */
export interface Capacity {
  readonly bytesMax: number;
  readonly structsMax: number;
}

/** For what people write. */
export const EDIT_CAPACITY: Capacity = { bytesMax: DOCUMENT_BYTES_MAX, structsMax: DOCUMENT_STRUCTS_MAX };
/** For what this node writes. An alert is a struct. */
const ALERT_CAPACITY: Capacity = {
  bytesMax: DOCUMENT_BYTES_MAX + DOCUMENT_ALERT_BYTES_MAX,
  structsMax: 2 * DOCUMENT_STRUCTS_MAX,
};
/** For what other nodes have taken already. */
export const MERGE_CAPACITY: Capacity = {
  bytesMax: DOCUMENT_MERGED_BYTES_MAX,
  structsMax: DOCUMENT_MERGED_STRUCTS_MAX,
};

/** `origin`: what was given to `take` or `edit`. */
export type UpdateListener = (update: Uint8Array, origin: unknown) => void;

export class ClusterDocument {
  readonly #doc: Y.Doc;
  readonly #listeners = new Set<UpdateListener>();
  #revision = 0;
  /** Of the encoded document, when it was measured last. */
  #measuredBytes = 0;
  /** Of the updates since. */
  #addedBytes = 0;

  /** `cluster`: its name. */
  constructor(cluster: string, random: RandomInteger) {
    this.#doc = new Y.Doc({ guid: cluster });
    this.#doc.clientID = random(CLIENT_IDS);
    this.#doc.on('update', (update: Uint8Array, origin: unknown) => {
      this.#addedBytes += update.length;
      this.#revision++;
      for (const listener of this.#listeners) listener(update, origin);
    });
  }

  /** Who writes here in this run. */
  get client(): number {
    return this.#doc.clientID;
  }

  /** Changes with the document. */
  get revision(): number {
    return this.#revision;
  }

  /** At most this many bytes encoded, up to what splitting costs; exact after {@link encode}. */
  get sizeBytes(): number {
    return this.#measuredBytes + this.#addedBytes;
  }

  get structs(): number {
    let structs = 0;
    for (const ofClient of this.#doc.store.clients.values()) structs += ofClient.length;
    return structs;
  }

  /** Calls `listener` with every update that changed the document. The returned function removes it. */
  onUpdate(listener: UpdateListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What `read` finds in the document, which it must not change. */
  read<T>(read: (doc: Y.Doc) => T): T {
    return read(this.#doc);
  }

  /** Has `change`, of this node, write about `bytes` into the document; false when there is no room. */
  edit(bytes: number, origin: unknown, change: (doc: Y.Doc) => void): boolean {
    if (!this.#hasRoom(bytes, 1, ALERT_CAPACITY)) return false;
    this.#doc.transact(() => change(this.#doc), origin);
    return true;
  }

  /** Takes in an update that arrived. Never throws. */
  take(update: Uint8Array, origin: unknown, capacity: Capacity): Taken {
    const structs = countStructs(update);
    if (structs === undefined) return 'malformed';
    // Deletions alone are what makes room again.
    if (!this.#hasRoom(update.length, structs, structs === 0 ? MERGE_CAPACITY : capacity)) return 'full';
    const { store } = this.#doc;
    try {
      Y.applyUpdate(this.#doc, update, origin);
      return store.pendingStructs === null && store.pendingDs === null ? 'applied' : 'incomplete';
    } catch {
      // It decodes, and yet cannot be: a reference into something that it cannot refer to.
      return 'malformed';
    } finally {
      store.pendingStructs = null;
      store.pendingDs = null;
    }
  }

  stateVector(): Uint8Array {
    return Y.encodeStateVector(this.#doc);
  }

  /** What a document with `stateVector` lacks. Undefined when that is no state vector. */
  updateFor(stateVector: Uint8Array): Uint8Array | undefined {
    try {
      return Y.encodeStateAsUpdate(this.#doc, stateVector);
    } catch {
      return undefined;
    }
  }

  /** All of it. */
  encode(): Uint8Array {
    const encoded = Y.encodeStateAsUpdate(this.#doc);
    this.#measuredBytes = encoded.length;
    this.#addedBytes = 0;
    return encoded;
  }

  /** The same for two documents exactly when both hold the same writes, as far as nobody wrote twice under one number. */
  fingerprint(): Uint8Array {
    return blake3(Y.encodeSnapshot(Y.snapshot(this.#doc))).subarray(0, DOCUMENT_FINGERPRINT_BYTES);
  }

  #hasRoom(bytes: number, structs: number, { bytesMax, structsMax }: Capacity): boolean {
    if (this.structs + structs > structsMax) return false;
    if (this.sizeBytes + bytes <= bytesMax) return true;
    // Updates add up to more than what they leave: text that was removed again takes next to nothing.
    if (this.#addedBytes > 0) this.encode();
    return this.sizeBytes + bytes <= bytesMax;
  }
}

/** Undefined when `update` is none. */
function countStructs(update: Uint8Array): number | undefined {
  try {
    return Y.decodeUpdate(update).structs.length;
  } catch {
    return undefined;
  }
}

/** One update that does what `updates`, each of which was applied here, do one after the other. */
export function mergeUpdates(updates: readonly Uint8Array[]): Uint8Array {
  return Y.mergeUpdates([...updates]);
}
