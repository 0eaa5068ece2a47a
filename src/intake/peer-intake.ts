/**
 * Merges what peers sent, by gossip or reconciliation.
 *
 * Invariant: nothing is merged whose signatures were not checked, and no lease from too far ahead.
 */

import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import { isEmptyRecord } from '../../crdt/block/record.ts';
import { retainAuthors } from '../../crdt/block/signing.ts';
import type { HlcStamp } from '../../crdt/hlc.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import type { Lease } from '../../crdt/lease/lease.ts';
import type { Clock } from '../../net/clock.ts';
import { PeerMisbehaved } from '../../net/framing/peer-misbehaved.ts';
import { checkRecord, type Trust } from '../../net/gossip/check-record.ts';
import type { Author } from '../author/author.ts';
import type { BlockStore } from '../store/block-store.ts';
import { admitRecord } from './admit.ts';

export interface PeerIntakeOptions {
  readonly clock: Clock;
  readonly author: Author;
  readonly store: BlockStore;
  readonly trust: Trust;
  readonly skewBoundMs: number;
  readonly onDeferred: (key: BlockKey, lease: Lease) => void;
}

export class PeerIntake {
  readonly #options: PeerIntakeOptions;

  constructor(options: PeerIntakeOptions) {
    this.#options = options;
  }

  /** Records of a gossiped batch that the judge passed. */
  takeGossip(records: readonly KeyedRecord[], stamp: HlcStamp | undefined): void {
    if (stamp !== undefined) this.#options.author.witness(stamp);
    for (const keyed of records) this.#merge(keyed);
  }

  /**
   * Records of a reconciliation session, unchecked. Resolves when there is room for more. Throws `PeerMisbehaved` for a
   * forged part; parts by authors who are no members here are left out.
   */
  async takeReconciled(records: readonly KeyedRecord[]): Promise<void> {
    const { store, trust } = this.#options;
    for (const { key, record } of records) {
      const keyed = { key, record: retainAuthors(record, trust.isMember) };
      const check = checkRecord(keyed, store.replica.get(key), trust);
      if (check.outcome === 'bad-signature') {
        throw new PeerMisbehaved({
          argument: `${check.part.part} by ${check.part.author} for block ${key.number}`,
          expected: 'its signature',
          found: 'another',
        });
      }
      if (check.outcome === 'valid') this.#merge(keyed);
    }
    await store.room();
  }

  #merge({ key, record: arrived }: KeyedRecord): void {
    const { clock, store, skewBoundMs, onDeferred } = this.#options;
    const { record, deferred } = admitRecord(arrived, clock.wallMs(), skewBoundMs);
    for (const lease of deferred) onDeferred(key, lease);
    if (!isEmptyRecord(record)) store.merge({ key, record }, 'peer');
  }
}
