/** Who belongs to the cluster. */

import { deepEqual, equal, throws } from 'node:assert/strict';
import { isFailure } from '../../../crdt/errors.ts';
import { identityFromSeed } from '../../../net/identity/identity.ts';
import { peerIdText } from '../../../net/identity/peer-id.ts';
import { MemberList, parseMembers } from '../../../net/membership/member-list.ts';

const node = (number: number) => identityFromSeed(new Uint8Array(32).fill(number)).node;
const self = node(1);
const friend = node(2);
const stranger = node(3);

describe('a member list', () => {
  it('allows connections with named members and refuses all others, with the reason', () => {
    const list = new MemberList(self, [friend, self]);
    deepEqual(list.decideConnection(friend), { allowed: true, reason: 'member' });
    deepEqual(list.decideConnection(stranger), { allowed: false, reason: 'not a member' });
    deepEqual(list.decideConnection(self), { allowed: false, reason: 'our own key' });
    deepEqual(list.decideConnection(undefined), { allowed: false, reason: 'not an Ed25519 key' });
  });

  it('always holds ourselves, and nobody else when nobody was named', () => {
    const list = new MemberList(self, []);
    deepEqual(list.nodes(), [self]);
    equal(list.has(self), true);
    equal(list.decideConnection(friend).allowed, false);
  });

  it('lists its members once each, in id order', () => {
    const nodes = new MemberList(self, [stranger, friend, stranger]).nodes();
    deepEqual(nodes, [self, friend, stranger].toSorted());
  });

  it('is parsed from peer ids, and what is none is named with its flag', () => {
    deepEqual(parseMembers([peerIdText(friend), ` ${peerIdText(stranger)}\n`]), [friend, stranger]);
    throws(
      () => parseMembers([peerIdText(friend), 'somebody']),
      (error) => isFailure(error, 'ERR_BAD_PEER_ID') && error.argument === '--member' && error.found === '"somebody"',
    );
  });
});
