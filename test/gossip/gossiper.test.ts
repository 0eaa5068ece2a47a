import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { recordOf } from '../../crdt/block/record.ts';
import { ZERO_HASH } from '../../crdt/ids.ts';
import { identityFromSeed } from '../../net/identity/identity.ts';
import { verifySignature } from '../../net/identity/verify.ts';
import { MemberList } from '../../net/membership/member-list.ts';
import { MemoryHub } from '../../net/memory/hub.ts';
import { Author } from '../../src/author/author.ts';
import { Gossiper } from '../../src/gossip/gossiper.ts';
import { randomInteger, systemClock } from '../../src/node/machine.ts';
import { Replica } from '../../src/replica/replica.ts';

const key = { number: 1, hash: ZERO_HASH };

describe('gossip that stops', () => {
  it('has handed over what was made last, so that a lease that was given up is free elsewhere', async () => {
    const identity = identityFromSeed(new Uint8Array(32).fill(1));
    const author = new Author({ ...identity, clock: systemClock, skewBoundMs: 500 });
    const network = new MemoryHub({ clock: systemClock, random: randomInteger }).join(
      new MemberList(identity.node, []),
    );
    const published: string[] = [];
    const handedOver = Promise.withResolvers<void>();
    network.publish = async (topic) => {
      await handedOver.promise;
      published.push(topic);
    };
    const gossiper = new Gossiper({
      network,
      clock: systemClock,
      cluster: 'test',
      signer: identity,
      stamp: () => author.stamp(),
      replica: new Replica(),
      isMember: () => true,
      verify: verifySignature,
      take: () => undefined,
      onEvent: () => undefined,
    });
    gossiper.start();
    gossiper.send({ key, record: recordOf({ lease: author.claim(key, 1, 30_000) }) });
    let hasStopped = false;
    const stopping = gossiper.stop().then(() => (hasStopped = true));
    await turn();
    assert(!hasStopped);
    handedOver.resolve();
    await stopping;
    assert.equal(published.length, 1);
  });
});
