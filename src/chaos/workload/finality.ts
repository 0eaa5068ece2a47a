/** The program that says what is final: it writes `chain.status` beside each node, whole and renamed, as the reference does. */

import { rename, writeFile } from 'node:fs/promises';
import type { BlockKey } from '../../../crdt/ids.ts';
import { errnoOf } from '../../disk/errno.ts';
import type { ChaosNode } from '../fleet/chaos-node.ts';

/** Between two: finality comes in steps. */
const EVERY_BLOCKS = 8;

export class Finality {
  readonly #nodes: readonly ChaosNode[];
  readonly #behind: number;
  /** The canonical chain, from the oldest block that is not final. */
  readonly #pending: BlockKey[] = [];

  constructor(nodes: readonly ChaosNode[], behind: number) {
    this.#nodes = nodes;
    this.#behind = behind;
  }

  /** A new block of the canonical chain. */
  async note(key: BlockKey): Promise<void> {
    this.#pending.push(key);
    if (this.#pending.length < this.#behind + EVERY_BLOCKS) return;
    const final = this.#pending.splice(0, EVERY_BLOCKS).at(-1);
    if (final !== undefined) await Promise.all(this.#nodes.map((node) => write(node, final)));
  }
}

async function write({ layout }: ChaosNode, { number, hash }: BlockKey): Promise<void> {
  const temporary = `${layout.chainStatus}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, JSON.stringify({ block_number: number, block_hash: hash }));
    await rename(temporary, layout.chainStatus);
  } catch (error) {
    // The next one will do.
    if (errnoOf(error) !== 'ENOSPC') throw error;
  }
}
