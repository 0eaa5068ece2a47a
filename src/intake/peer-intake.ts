/**
 * Merges what peers sent, by gossip or reconciliation.
 *
 * Invariant: nothing is merged whose signatures were not checked, and no lease from too far ahead; such a lease is merged
 * once it comes to lie within the skew bound, whether or not a peer sends it again.
 */

import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { hasSuccess, isEmptyRecord, type BlockRecord } from '../../crdt/block/record.ts';
import { retainAuthors, type SignedPart } from '../../crdt/block/signing.ts';
import type { HlcStamp } from '../../crdt/hlc.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import type { Lease } from '../../crdt/lease/lease.ts';
import type { Clock } from '../../net/clock.ts';
import { PeerMisbehaved } from '../../net/framing/peer-misbehaved.ts';
import { checkRecordLater, type BulkTrust } from '../../net/gossip/check-record.ts';
import type { Author } from '../author/author.ts';
import type { BlockStore } from '../store/block-store.ts';
import { admitRecord } from './admit.ts';
import { DeferredLeases } from './deferred-leases.ts';

export interface PeerIntakeOptions {
  readonly clock: Clock;
  readonly author: Author;
  readonly store: BlockStore;
  readonly trust: BulkTrust;
  readonly skewBoundMs: number;
  /** Whether this node knows the block to be final. */
  readonly isFinal: (key: BlockKey) => boolean;
  /** Whether this node keeps the block; what it pruned must not come back. */
  readonly isKept: (key: BlockKey) => boolean;
  readonly onDeferred: (key: BlockKey, lease: Lease) => void;
}

/** Between two looks for leases that are due, at most: a step of our wall clock may have brought some closer. */
const DEFERRED_LOOK_MS_MAX = 10_000;

export class PeerIntake {
  readonly #options: PeerIntakeOptions;
  readonly #deferred = new DeferredLeases();
  #cancelTimer: (() => void) | undefined;

  constructor(options: PeerIntakeOptions) {
    this.#options = options;
  }

  /** Leases that wait to lie within the skew bound. */
  get deferred(): Pick<DeferredLeases, 'size' | 'holders'> {
    return this.#deferred;
  }

  /** Those that wait now are forgotten; peers send them again. */
  stop(): void {
    this.#cancelTimer?.();
  }

  /** Records of a gossiped batch that the judge passed. */
  takeGossip(records: readonly KeyedRecord[], stamp: HlcStamp | undefined): void {
    if (stamp !== undefined) this.#options.author.witness(stamp);
    for (const keyed of records) this.#merge(keyed);
  }

  /**
   * Records of a reconciliation session, unchecked. Resolves when there is room for more. Throws `PeerMisbehaved` for a
   * forged part; parts by authors who are no members here are left out. May be called again before it has resolved.
   */
  async takeReconciled(records: readonly KeyedRecord[]): Promise<void> {
    const { store, trust, isKept } = this.#options;
    const members = records
      .filter(({ key }) => isKept(key))
      .map(({ key, record }) => ({ key, record: retainAuthors(record, trust.isMember) }));
    const checks = await Promise.all(
      members.map((keyed) => checkRecordLater(keyed, store.replica.get(keyed.key), trust)),
    );
    for (const [at, keyed] of members.entries()) {
      const check = checks[at];
      if (check?.outcome === 'bad-signature') throw forged(keyed, check.part);
      if (check?.outcome === 'valid') this.#merge(keyed);
    }
    await store.room();
  }

  #merge({ key, record: arrived }: KeyedRecord): void {
    const { clock, store, skewBoundMs, isFinal, isKept, onDeferred } = this.#options;
    if (!isKept(key)) return;
    const isKnownFinal = arrived.settled && isFinal(key) && this.#isFinished(key, arrived);
    const { record, deferred } = admitRecord(arrived, isKnownFinal, clock.wallMs(), skewBoundMs);
    for (const lease of this.#deferred.put({ key, record: deferred })) onDeferred(key, lease);
    if (!isEmptyRecord(deferred)) this.#schedule();
    if (!isEmptyRecord(record)) store.merge({ key, record }, 'peer');
  }

  #isFinished(key: BlockKey, { results }: BlockRecord): boolean {
    return hasSuccess(results) || hasSuccess(this.#options.store.replica.get(key).results);
  }

  #schedule(): void {
    const { clock, skewBoundMs } = this.#options;
    this.#cancelTimer?.();
    const firstMs = this.#deferred.firstStampMs;
    if (firstMs === undefined) return;
    const dueInMs = firstMs - skewBoundMs - clock.wallMs();
    this.#cancelTimer = clock.schedule(Math.max(0, Math.min(dueInMs, DEFERRED_LOOK_MS_MAX)), () => this.#takeDue());
  }

  #takeDue(): void {
    const { clock, skewBoundMs } = this.#options;
    for (const keyed of this.#deferred.take(clock.wallMs() + skewBoundMs)) this.#merge(keyed);
    this.#schedule();
  }
}

function forged({ key }: KeyedRecord, { part, author }: SignedPart): PeerMisbehaved {
  return new PeerMisbehaved({
    argument: `${part} by ${author} for block ${key.number}`,
    expected: 'its signature',
    found: 'another',
  });
}
