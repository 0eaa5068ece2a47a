/**
 * What is worth telling about a change of a block's record.
 *
 * Invariant: each thing is told once: when the record comes to show it, not while it goes on to.
 */

import { hasSuccess } from '../../crdt/block/record.ts';
import { disputeOf } from '../../crdt/block/view.ts';
import { announcedDigests } from '../../crdt/block/witness.ts';
import type { Change } from '../replica/replica.ts';
import type { NodeEvent } from './events.ts';

export function* newsOf({ key, before, after }: Pick<Change, 'key' | 'before' | 'after'>): Generator<NodeEvent> {
  if (!hasSuccess(before.results) && hasSuccess(after.results)) {
    const first = after.results.find((result) => result.verdict === 'success');
    if (first !== undefined) yield { type: 'block-finished', key, by: first.node };
  }
  const dispute = disputeOf(after.results);
  if (dispute !== undefined && after.results !== before.results && disputeOf(before.results) === undefined) {
    yield { type: 'disputed', key, dispute };
  }
  const digests = announcedDigests(after.witnesses);
  if (digests.length > 1 && announcedDigests(before.witnesses).length <= 1) {
    yield { type: 'witness-conflict', key, digests };
  }
}
