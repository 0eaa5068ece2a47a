/**
 * Which blocks this node keeps: those from a number on.
 *
 * Invariant: the number only goes up, and is on disk before anything below it is removed, so that nothing that was pruned
 * comes back from a peer, after a crash neither.
 */

import { join } from 'node:path';
import type { DurableWriter } from '../datadir/durable-writer.ts';
import type { DatadirLayout } from '../datadir/layout.ts';
import type { Disk } from '../disk/disk.ts';
import { integerField, isJsonObject, parseJson } from '../files/json.ts';
import { isFailure } from '../../crdt/errors.ts';

const WINDOW_FILE = 'window.json';
const WINDOW_FILE_BYTES_MAX = 4_096;

export class BlockWindow {
  #from: number;

  /** `from`: what the configuration says. */
  constructor(from: number) {
    this.#from = from;
  }

  /** The lowest block number that is kept. */
  get from(): number {
    return this.#from;
  }

  /** What an earlier run pruned stays pruned. A file that makes no sense says nothing: what it forbade is pruned again. */
  async load(disk: Pick<Disk, 'read'>, layout: DatadirLayout): Promise<void> {
    try {
      const content = await disk.read(join(layout.state, WINDOW_FILE), WINDOW_FILE_BYTES_MAX);
      const value = content === undefined ? undefined : parseJson(content.bytes, WINDOW_FILE);
      if (!isJsonObject(value)) return;
      this.#from = Math.max(this.#from, integerField(value, 'from', WINDOW_FILE, Number.MAX_SAFE_INTEGER));
    } catch (error) {
      if (!isFailure(error)) throw error;
    }
  }

  /** Resolves when `from`, if it is higher, is on disk and holds. */
  async raise(from: number, writer: DurableWriter, layout: DatadirLayout): Promise<void> {
    if (from <= this.#from) return;
    const bytes = new TextEncoder().encode(JSON.stringify({ from }));
    await writer.write(join(layout.state, WINDOW_FILE), bytes, { durability: 'durable', expected: 'any' });
    this.#from = from;
  }
}
