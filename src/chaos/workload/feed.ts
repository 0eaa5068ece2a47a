/**
 * The witness generators: a new block at a set rate, its witness dropped into one node's directory, in turn, or into all.
 *
 * Invariant: every block that was begun is dropped in the end, however long a full disk refuses it; generators do not
 * care whether the node beside them runs.
 */

import { isFailure } from '../../../crdt/errors.ts';
import { pause } from '../../../net/clock.ts';
import { dropWitness, type FedBlock } from '../../demo/feed.ts';
import { errnoOf } from '../../disk/errno.ts';
import { systemClock } from '../../node/machine.ts';
import type { ChaosNode } from '../fleet/chaos-node.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { KnownBlocks } from './blocks.ts';
import type { ChainServer } from './chain-server.ts';
import { Finality } from './finality.ts';

const RETRY_MS = 500;

export interface FeedOptions {
  readonly workload: Scenario['workload'];
  readonly nodes: readonly ChaosNode[];
  readonly blocks: KnownBlocks;
  readonly chain: ChainServer;
}

export class Feed {
  readonly #options: FeedOptions;
  readonly #stopping = new AbortController();
  #resumed = Promise.withResolvers<void>();
  #fed = 0;
  #loop: Promise<void> | undefined;
  readonly #drops = new Set<Promise<void>>();
  readonly #finality: Finality | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    const { finalBehind } = options.workload;
    this.#finality = finalBehind === undefined ? undefined : new Finality(options.nodes, finalBehind);
    this.#resumed.resolve();
  }

  /** Blocks that were begun. */
  get fed(): number {
    return this.#fed;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** No new blocks until `resume`. */
  hold(): void {
    this.#resumed = Promise.withResolvers<void>();
  }

  resume(): void {
    this.#resumed.resolve();
  }

  /** No new blocks any more. Resolves when all that were begun are dropped. */
  async finish(): Promise<void> {
    this.#stopping.abort();
    this.resume();
    await this.#loop;
    await Promise.all(this.#drops);
  }

  async #run(): Promise<void> {
    const { workload, blocks, chain, nodes } = this.#options;
    const { signal } = this.#stopping;
    // A node that is not there yet has no generator either.
    const generating = nodes.filter(({ startsAbsent }) => !startsAbsent);
    while (!signal.aborted) {
      await this.#resumed.promise;
      const { grown, fed, isCanonical } = blocks.next();
      chain.add(grown);
      const places =
        workload.witnessesOn === 'all' ? generating : generating.slice(this.#fed % generating.length).slice(0, 1);
      this.#fed++;
      if (isCanonical) await this.#finality?.note(fed.key);
      for (const { layout } of places) this.#drop(layout.root, fed);
      await pause(systemClock, 1_000 / workload.blocksPerSecond, signal).catch(() => undefined);
    }
  }

  #drop(datadir: string, fed: FedBlock): void {
    const dropped = dropUntilThere(datadir, fed).finally(() => this.#drops.delete(dropped));
    this.#drops.add(dropped);
  }
}

async function dropUntilThere(datadir: string, fed: FedBlock): Promise<void> {
  for (;;) {
    try {
      await dropWitness(datadir, fed);
      return;
    } catch (error) {
      if (!isFailure(error) && errnoOf(error) !== 'ENOSPC') throw error;
      await pause(systemClock, RETRY_MS);
    }
  }
}
