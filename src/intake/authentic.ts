/**
 * Whether a record from this node's own disk may be believed.
 *
 * Invariant: every signature in it that the replica does not know yet is its author's. Whoever was a member once may
 * have signed a part of it, so membership is not asked.
 */

import type { KeyedRecord } from '../../crdt/block/record-codec.ts';
import type { Verify } from '../../crdt/block/signing.ts';
import { checkRecord } from '../../net/gossip/check-record.ts';
import type { Replica } from '../replica/replica.ts';

export function authenticIn(replica: Replica, verify: Verify): (keyed: KeyedRecord) => boolean {
  return (keyed) => checkRecord(keyed, replica.get(keyed.key), { isMember: () => true, verify }).outcome === 'valid';
}
