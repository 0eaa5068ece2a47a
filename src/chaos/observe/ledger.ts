/**
 * What was acknowledged while things broke: every Success that stood in a node's files at any time. It is read from the
 * files, and never from what a node says.
 *
 * Invariant: an entry is only ever added. A file that cannot be read says nothing; another look comes.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeRecord } from '../../../crdt/block/record-codec.ts';
import { isFailure } from '../../../crdt/errors.ts';
import { blockId, type BlockId, type Hash32, type NodeId } from '../../../crdt/ids.ts';
import { pause } from '../../../net/clock.ts';
import { backupDirectory } from '../../datadir/layout.ts';
import { errnoOf } from '../../disk/errno.ts';
import { blockFileName } from '../../files/file-names.ts';
import { decodeValidateFile } from '../../files/validate-file.ts';
import { systemClock } from '../../node/machine.ts';
import type { ChaosNode } from '../fleet/chaos-node.ts';
import type { KnownBlock, KnownBlocks } from '../workload/blocks.ts';

const LOOK_MS = 400;

/** Who found which root. */
export interface Acknowledged {
  readonly author: NodeId;
  readonly stateRoot: Hash32;
}

export class Ledger {
  readonly #nodes: readonly ChaosNode[];
  readonly #blocks: KnownBlocks;
  readonly #entries = new Map<BlockId, Map<string, Acknowledged>>();
  /** By node: blocks that have not been seen finished there. */
  readonly #open = new Map<ChaosNode, Set<KnownBlock>>();
  readonly #stopping = new AbortController();
  #seen = 0;
  #loop: Promise<void> | undefined;

  constructor(nodes: readonly ChaosNode[], blocks: KnownBlocks) {
    this.#nodes = nodes;
    this.#blocks = blocks;
    for (const node of nodes) this.#open.set(node, new Set());
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** After a last look. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#look();
  }

  of(id: BlockId): readonly Acknowledged[] {
    return [...(this.#entries.get(id)?.values() ?? [])];
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#look();
      await pause(systemClock, LOOK_MS, this.#stopping.signal).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    // What was finished before the run has no entry of this run; the reader knows who found it all the same.
    let at = 0;
    for (const block of this.#blocks.all()) {
      if (at++ < this.#seen || block.witnessDigest === undefined) continue;
      for (const open of this.#open.values()) open.add(block);
    }
    this.#seen = at;
    await Promise.all(this.#nodes.map((node) => this.#lookAt(node)));
  }

  async #lookAt(node: ChaosNode): Promise<void> {
    const open = this.#open.get(node) ?? new Set();
    for (const block of open) {
      if (await this.#take(node, block)) open.delete(block);
    }
  }

  /** Whether the block is finished on the node. */
  async #take(node: ChaosNode, { key }: KnownBlock): Promise<boolean> {
    const name = blockFileName('validate', key);
    try {
      const bytes = await readEither(
        join(node.layout.validate, name),
        join(backupDirectory(node.layout, key.number), name),
      );
      const { info, trailer } = decodeValidateFile(bytes, name);
      if (trailer.kind !== 'valid') return false;
      for (const { node: author, stateRoot, verdict } of decodeRecord(trailer.record).results) {
        if (verdict === 'success') this.#add(blockId(key), { author, stateRoot });
      }
      return info.status === 'Success';
    } catch (error) {
      if (isFailure(error) || errnoOf(error) !== undefined) return false;
      throw error;
    }
  }

  #add(id: BlockId, entry: Acknowledged): void {
    const known = this.#entries.get(id) ?? new Map<string, Acknowledged>();
    known.set(`${entry.author} ${entry.stateRoot}`, entry);
    this.#entries.set(id, known);
  }
}

/** As readers of the reference look for a file: in its first place, then in the archive. */
async function readEither(first: string, archived: string): Promise<Buffer> {
  try {
    return await readFile(first);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return readFile(archived);
  }
}
