/**
 * Remembers the headers of another source, least recently used out first. A validator asks for each header twice: for
 * the block itself, and as the parent of the next.
 *
 * Invariant: every remembered header hashes to the hash it was asked by, so an entry can be neither wrong nor stale.
 */

import { blockId, type BlockId, type BlockKey } from '../../crdt/ids.ts';
import type { BlockSource } from './block-source.ts';
import { hashHeader, type Header } from './header.ts';

/** A header takes some 2 kB of memory: 2 MB in all. */
export const HEADERS_CACHED_MAX = 1024;

export class CachedSource implements BlockSource {
  readonly #source: BlockSource;
  /** In the order of last use: a Map iterates in the order of insertion. */
  readonly #headers = new Map<BlockId, Header>();

  constructor(source: BlockSource) {
    this.#source = source;
  }

  async header(key: BlockKey, signal: AbortSignal): Promise<Header | undefined> {
    const id = blockId(key);
    const header = this.#headers.get(id) ?? (await this.#source.header(key, signal));
    if (header !== undefined && hashHeader(header) === key.hash) this.#remember(id, header);
    return header;
  }

  describe(): string {
    return this.#source.describe();
  }

  #remember(id: BlockId, header: Header): void {
    this.#headers.delete(id);
    this.#headers.set(id, header);
    if (this.#headers.size <= HEADERS_CACHED_MAX) return;
    const oldest = this.#headers.keys().next();
    if (oldest.done !== true) this.#headers.delete(oldest.value);
  }
}
