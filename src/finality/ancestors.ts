/**
 * Which blocks below a final one are final too: its parents, as far as witnesses name them.
 *
 * Invariant: follows no more than `ANCESTORS_MAX` blocks and stops at the first that is known already.
 */

import { chosenWitness } from '../../crdt/block/witness.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import type { Replica } from '../replica/replica.ts';
import type { FinalityRegister } from './register.ts';

/** Two epochs of Ethereum: how far finality moves at once there. */
export const ANCESTORS_MAX = 64;

/** Notes the ancestors of `final`, and gives all of these blocks, `final` first. */
export function noteAncestors(final: BlockKey, register: FinalityRegister, replica: Replica): readonly BlockKey[] {
  const found = [final];
  for (let key = final; found.length < ANCESTORS_MAX && key.number > 0;) {
    const parentHash = chosenWitness(replica.get(key).witnesses)?.parentHash;
    if (parentHash === undefined) break;
    key = { number: key.number - 1, hash: parentHash };
    if (!register.noteAncestor(key)) break;
    found.push(key);
  }
  return found;
}
