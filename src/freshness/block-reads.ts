/**
 * Reads of one block with a bound on how old the answer may be.
 *
 * Invariant: the answer always comes from this node's own records, with an age that is not below the true one
 * (`confirmations.ts`). Past the bound the other members are asked and what they know is merged; the reader is answered as it
 * is, waits for that, or is refused, as it says. One round of asking for a block at a time, which all its readers share.
 */

import PQueue from 'p-queue';
import type { BlockRecord } from '../../crdt/block/record.ts';
import { isEmptyRecord } from '../../crdt/block/record.ts';
import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import type { BlockView } from '../../crdt/block/view.ts';
import { DriftlockError } from '../../crdt/errors.ts';
import { blockId, type BlockId, type BlockKey, type NodeId } from '../../crdt/ids.ts';
import { askForBlock, blockHandler } from '../../net/block/exchange.ts';
import { BLOCK_PROTOCOL } from '../../net/block/messages.ts';
import type { Clock } from '../../net/clock.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import type { Network } from '../../net/network.ts';
import { ageOf, Confirmations, type ConfirmedAt } from './confirmations.ts';

export const ON_STALE = ['serve', 'wait', 'fail'] as const;
/** What a read does when the age is past its bound: answer nevertheless, wait for the others, or fail; they are asked in any case. */
export type OnStale = (typeof ON_STALE)[number];

export interface ReadOptions {
  /** Undefined: any age will do. */
  readonly maxStalenessMs?: number | undefined;
  readonly onStale: OnStale;
}

export interface BlockRead {
  readonly record: BlockRecord;
  readonly view: BlockView;
  /** What any other member knew this long ago is in the record. Undefined: one of them was never asked about the block. */
  readonly ageMs: number | undefined;
  /** Whether the age is past the bound, or not known to be within it. */
  readonly isStale: boolean;
  /** Whether the others were asked for this very read. */
  readonly source: 'local' | 'refreshed';
}

/** Past the bound, and not to be had within it now. */
export class StaleReadError extends DriftlockError<'ERR_TOO_STALE'> {
  override readonly name = 'StaleReadError';
  readonly ageMs: number | undefined;

  constructor(key: BlockKey, maxStalenessMs: number, ageMs: number | undefined, silent: readonly NodeId[]) {
    const missing = silent.length === 0 ? '' : `; no answer of ${silent.map(peerIdText).join(', ')}`;
    super('ERR_TOO_STALE', {
      argument: blockId(key),
      expected: `an age of at most ${maxStalenessMs} ms`,
      found: `${ageMs === undefined ? 'an unknown one' : `${ageMs} ms`}${missing}`,
    });
    this.ageMs = ageMs;
  }
}

export interface ReadsWorld {
  readonly network: Network;
  readonly clock: Clock;
  readonly members: () => readonly NodeId[];
}

/** `driftRate`: by which part the clock may run slow. */
export interface ReadsRules {
  readonly driftRate: number;
  readonly confirmedAt: ConfirmedAt;
}

/** What this node knows. */
export interface ReadsParts {
  readonly replica: { get(key: BlockKey): BlockRecord };
  view(key: BlockKey): BlockView;
}

/** Checks and merges what a peer answered; throws for a forged part. What it resolves after is merged. */
export type TakeAnswers = (records: readonly KeyedRecord[]) => Promise<void>;

/** Questions under way, over all blocks and members. */
export const ASKS_IN_FLIGHT_MAX = 64;
/** Blocks that the others are being asked about. A read of one more is treated as if nobody answered. */
export const ROUNDS_MAX = 1_024;

export class BlockReads {
  readonly #world: ReadsWorld;
  readonly #parts: ReadsParts;
  readonly #rules: ReadsRules;
  readonly #take: TakeAnswers;
  readonly #confirmations = new Confirmations();
  readonly #rounds = new Map<BlockId, Promise<void>>();
  readonly #asks = new PQueue({ concurrency: ASKS_IN_FLIGHT_MAX });
  readonly #stopping = new AbortController();
  #roundMs: number | undefined;

  constructor(world: ReadsWorld, parts: ReadsParts, rules: ReadsRules, take: TakeAnswers) {
    this.#world = world;
    this.#parts = parts;
    this.#rules = rules;
    this.#take = take;
    const recordOf = (key: BlockKey): BlockRecord => parts.replica.get(key);
    world.network.serve(BLOCK_PROTOCOL, blockHandler(world.clock, recordOf));
  }

  /** What the last round of questions took, with whom it may have waited for in vain; undefined: there was none. */
  get roundMs(): number | undefined {
    return this.#roundMs;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    await Promise.all(this.#rounds.values());
  }

  /** Throws {@link StaleReadError} when the age is past the bound and the reader wants no such answer. */
  async read(key: BlockKey, { maxStalenessMs, onStale }: ReadOptions): Promise<BlockRead> {
    const local = this.#look(key, maxStalenessMs, 'local');
    if (!local.isStale || maxStalenessMs === undefined) return local;
    const startedAtMs = this.#world.clock.monotonicMs();
    const round = this.#askAll(key);
    if (onStale === 'serve') return local;
    if (onStale === 'fail') throw new StaleReadError(key, maxStalenessMs, local.ageMs, []);
    await round;
    const refreshed = this.#look(key, maxStalenessMs, 'refreshed');
    if (!refreshed.isStale) return refreshed;
    throw new StaleReadError(key, maxStalenessMs, refreshed.ageMs, this.#silentSince(key, startedAtMs));
  }

  #look(key: BlockKey, maxStalenessMs: number | undefined, source: BlockRead['source']): BlockRead {
    const confirmedAtMs = this.#confirmations.confirmedAtMs(key, this.#others());
    const ageMs =
      confirmedAtMs === undefined
        ? undefined
        : ageOf(confirmedAtMs, this.#world.clock.monotonicMs(), this.#rules.driftRate);
    const isStale = maxStalenessMs !== undefined && (ageMs === undefined || ageMs > maxStalenessMs);
    return { record: this.#parts.replica.get(key), view: this.#parts.view(key), ageMs, isStale, source };
  }

  #silentSince(key: BlockKey, sinceMs: number): readonly NodeId[] {
    const others = this.#others();
    const answered = this.#confirmations.confirmedSince(key, others, sinceMs);
    return others.filter((member) => !answered.includes(member));
  }

  #others(): readonly NodeId[] {
    const { members, network } = this.#world;
    return members().filter((member) => member !== network.self);
  }

  /** Resolves when every other member has answered, or cannot. Never rejects. */
  #askAll(key: BlockKey): Promise<void> {
    const id = blockId(key);
    const underWay = this.#rounds.get(id);
    if (underWay !== undefined) return underWay;
    if (this.#rounds.size >= ROUNDS_MAX || this.#stopping.signal.aborted) return Promise.resolve();
    const asks = this.#others().map((member) => this.#asks.add(() => this.#ask(key, member)));
    const { clock } = this.#world;
    const startedAtMs = clock.monotonicMs();
    const round = Promise.all(asks).then(() => {
      this.#rounds.delete(id);
      this.#roundMs = clock.monotonicMs() - startedAtMs;
    });
    this.#rounds.set(id, round);
    return round;
  }

  async #ask(key: BlockKey, peer: NodeId): Promise<void> {
    const { network, clock } = this.#world;
    const askedAtMs = clock.monotonicMs();
    try {
      const record = await askForBlock({ network, clock, peer, key, signal: this.#stopping.signal });
      if (!isEmptyRecord(record)) await this.#take([{ key, record }]);
      this.#confirmations.note(key, peer, this.#rules.confirmedAt(askedAtMs, clock.monotonicMs()));
    } catch {
      // Who gives no good answer confirms nothing: the age says so.
    }
  }
}
