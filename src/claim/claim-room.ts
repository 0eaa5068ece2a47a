/**
 * All by which blocks are claimed on this machine, put together: the node's own validator, API clients, and programs that
 * share the directory.
 *
 * Invariant: a block that one of them has is not handed to another; all hold their leases under one identity.
 */

import type { BlockView } from '../../crdt/block/view.ts';
import type { BlockKey, NodeId } from '../../crdt/ids.ts';
import type { ClockBounds } from '../../crdt/lease/rule.ts';
import type { Clock } from '../../net/clock.ts';
import type { Author } from '../author/author.ts';
import type { LeaseSightings } from '../lease/sightings.ts';
import type { Agreement } from '../reconcile/agreement.ts';
import type { Tally } from '../replica/tally.ts';
import type { BlockStore } from '../store/block-store.ts';
import type { Validator, WitnessInput } from '../validators/validator.ts';
import { Claimer, type ClaimEvent } from './claimer.ts';
import { ClientLeases } from './client-leases.ts';
import { failuresIn, type ClaimHold, type RetryPolicy } from './decision.ts';
import { FirstHearing } from './first-hearing.ts';

/** For as long after its last write a program that shares the directory counts as one that claims blocks. */
export const FOREIGN_ACTIVE_MS = 60_000;

export interface ClaimRoomOptions {
  readonly clock: Clock;
  readonly store: BlockStore;
  readonly tally: Tally;
  readonly author: Author;
  readonly sightings: LeaseSightings;
  readonly validator: Validator | undefined;
  readonly bounds: ClockBounds;
  readonly lockTimeMs: number;
  readonly validationsMax: number;
  readonly retry: RetryPolicy;
  /** Whether programs that share the directory have their turn among the ranks. */
  readonly countsPrograms: boolean;
  readonly rankStepMs: () => number;
  /** Why this node claims nothing now, but for having just started; undefined: it may claim. */
  readonly claimHold: () => ClaimHold | undefined;
  /** With each connected peer, by its last heartbeat; undefined before there is one. */
  readonly agreements: () => readonly (Agreement | undefined)[];
  readonly claimEpoch: (view: BlockView) => number;
  readonly rivals: () => Iterable<NodeId>;
  readonly witnessOf: (key: BlockKey) => WitnessInput | undefined;
  readonly onEvent: (event: ClaimEvent) => void;
}

export class ClaimRoom {
  readonly claimer: Claimer;
  /** The leases of programs that validate on their own. */
  readonly clients: ClientLeases;
  /** Before it is over nothing is claimed. */
  readonly hearing: FirstHearing;
  readonly #options: ClaimRoomOptions;
  #programWroteAtMs: number | undefined;

  constructor(options: ClaimRoomOptions) {
    this.#options = options;
    this.hearing = new FirstHearing({
      clock: options.clock,
      agreements: options.agreements,
      onOver: () => this.claimer.resume(),
    });
    this.claimer = new Claimer({
      ...options,
      claimHold: () => (this.hearing.isOver ? options.claimHold() : 'just-started'),
      unfinished: () => options.tally.unfinished(),
      onReady: () => this.clients.serve(),
    });
    this.clients = new ClientLeases({ ...options, claimer: this.claimer });
  }

  get retry(): RetryPolicy {
    return this.#options.retry;
  }

  /** Blocks that failed so often that nobody tries them again unasked. */
  exhaustedCount(): number {
    const { tally, store, retry } = this.#options;
    let count = 0;
    for (const key of tally.unfinished()) {
      if (failuresIn(store.replica.get(key).results) >= retry.failuresMax) count++;
    }
    return count;
  }

  /** Whether somebody here claims blocks, so that the others should give this node its turn. */
  get isAtWork(): boolean {
    const { validator, countsPrograms, clock } = this.#options;
    if (validator !== undefined || this.clients.isAsked) return true;
    const wroteAtMs = this.#programWroteAtMs;
    return countsPrograms && wroteAtMs !== undefined && clock.monotonicMs() - wroteAtMs < FOREIGN_ACTIVE_MS;
  }

  /** A program that shares the directory wrote a `.v`. */
  noteProgram(): void {
    this.#programWroteAtMs = this.#options.clock.monotonicMs();
  }

  async stop(): Promise<void> {
    this.hearing.stop();
    this.clients.stop();
    await this.claimer.stop();
  }
}
