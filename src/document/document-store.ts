/**
 * Keeps the cluster document in `.driftlock/document/`: appends what changes, and writes all of it anew once that has grown.
 *
 * Invariants:
 * - What changed is durable FLUSH_MS later, and nobody waits for it: text is not a result, and the other nodes have it as well.
 * - A crash at any moment leaves the old file or the new one, whole but for an entry at the end, which is cut off at the next start.
 * - A disk that fails loses nothing while the node runs: everything is written anew once it works.
 */

import { join } from 'node:path';
import type { Clock } from '../../net/clock.ts';
import type { DecodeError } from '../../crdt/errors.ts';
import type { Quarantine } from '../datadir/quarantine.ts';
import type { Disk } from '../disk/disk.ts';
import { mergeUpdates, MERGE_CAPACITY, type ClusterDocument } from './cluster-document.ts';
import {
  decodeDocumentFile,
  DOCUMENT_FILE_BYTES_MAX,
  encodeDocumentEntry,
  encodeDocumentFile,
} from './document-file.ts';

/** What changes within this time is one write and one sync. */
export const FLUSH_MS = 250;
/** After a write that failed. */
export const FLUSH_RETRY_MS = 5_000;
/** What may stand behind the document before it is written anew; more when the document itself is larger. */
export const APPENDED_BYTES_MIN = 256 * 1024;

export const DOCUMENT_FILE_NAME = 'document';
const NEW_FILE_NAME = 'document.new';

/** The origin of what was read from the disk. */
export const FROM_DISK = Symbol('the disk');

export interface DocumentStoreOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Exists, and belongs to this store alone. */
  readonly directory: string;
  readonly quarantine: Quarantine;
  readonly document: ClusterDocument;
  /** A file was bad, and is in quarantine now. */
  readonly onDamaged: (file: string, error: DecodeError) => void;
  readonly onFailure: (file: string, error: unknown) => void;
}

export class DocumentStore {
  readonly #options: DocumentStoreOptions;
  readonly #path: string;
  /** Of the file; undefined: it is to be written anew. */
  #sizeBytes: number | undefined;
  /** Of the document in front. */
  #wholeBytes = 0;
  #waiting: Uint8Array[] = [];
  #cancelFlush: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();
  #stopListening: (() => void) | undefined;

  constructor(options: DocumentStoreOptions) {
    this.#options = options;
    this.#path = join(options.directory, DOCUMENT_FILE_NAME);
  }

  /** Reads the document and begins to keep it. Throws a `DiskError`, and `ERR_UNKNOWN_VERSION` for the file of a later version. */
  async open(): Promise<void> {
    const { disk, directory, document } = this.#options;
    await disk.remove(join(directory, NEW_FILE_NAME));
    await this.#read();
    this.#stopListening = document.onUpdate((update) => {
      this.#waiting.push(update);
      this.#schedule(FLUSH_MS);
    });
    if (this.#sizeBytes === undefined) await this.#flush();
  }

  /** Writes what waits; nothing if it was never opened. */
  async close(): Promise<void> {
    if (this.#stopListening === undefined) return;
    this.#stopListening();
    await this.#flush();
    this.#cancelFlush?.();
  }

  async #read(): Promise<void> {
    const { disk, document, quarantine, onDamaged } = this.#options;
    const content = await disk.read(this.#path, DOCUMENT_FILE_BYTES_MAX);
    if (content === undefined) return;
    const { updates, isWhole, damage } = decodeDocumentFile(content.bytes, this.#path);
    for (const update of updates) document.take(update, FROM_DISK, MERGE_CAPACITY);
    if (damage !== undefined) {
      await quarantine.put(this.#path, damage, content.identity);
      onDamaged(this.#path, damage);
    }
    this.#wholeBytes = document.encode().length;
    this.#sizeBytes = isWhole ? content.bytes.length : undefined;
  }

  #schedule(delayMs: number): void {
    this.#cancelFlush ??= this.#options.clock.schedule(delayMs, () => void this.#flush());
  }

  /** One at a time; what comes meanwhile waits for the next. Never rejects. */
  #flush(): Promise<void> {
    this.#flushing = this.#flushing.then(async () => {
      this.#cancelFlush?.();
      this.#cancelFlush = undefined;
      const updates = this.#waiting.splice(0);
      try {
        await this.#write(updates);
      } catch (error) {
        // What the file holds now is unknown.
        this.#sizeBytes = undefined;
        this.#options.onFailure(this.#path, error);
        this.#schedule(FLUSH_RETRY_MS);
      }
    });
    return this.#flushing;
  }

  async #write(updates: readonly Uint8Array[]): Promise<void> {
    const { disk, document } = this.#options;
    if (this.#sizeBytes === undefined) return document.structs === 0 ? undefined : this.#writeAnew();
    if (updates.length === 0) return;
    const entry = encodeDocumentEntry(mergeUpdates(updates));
    const appendedBytes = this.#sizeBytes + entry.length - this.#wholeBytes;
    if (appendedBytes > Math.max(APPENDED_BYTES_MIN, this.#wholeBytes)) return this.#writeAnew();
    await disk.writeAt(this.#path, this.#sizeBytes, entry);
    await disk.syncFile(this.#path);
    this.#sizeBytes += entry.length;
  }

  async #writeAnew(): Promise<void> {
    const { disk, directory, document } = this.#options;
    // All that waits is in it, also what comes while this is under way and is then written twice.
    const bytes = encodeDocumentFile(document.encode());
    const temporary = join(directory, NEW_FILE_NAME);
    await disk.remove(temporary);
    await disk.create(temporary, bytes, { sync: true });
    await disk.move(temporary, this.#path);
    await disk.syncDirectory(directory);
    this.#sizeBytes = bytes.length;
    this.#wholeBytes = bytes.length;
  }
}
