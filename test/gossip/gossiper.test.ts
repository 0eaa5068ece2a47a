import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { addHolder } from '../../crdt/block/holders.ts';
import { recordOf } from '../../crdt/block/record.ts';
import { ZERO_HASH } from '../../crdt/ids.ts';
import { CONTENDED_DELAY_MS_MAX } from '../../net/gossip/outbox.ts';
import { identityFromSeed } from '../../net/identity/identity.ts';
import { verifySignature } from '../../net/identity/verify.ts';
import { MemberList } from '../../net/membership/member-list.ts';
import { MemoryHub } from '../../net/memory/hub.ts';
import { Author } from '../../src/author/author.ts';
import { Gossiper } from '../../src/gossip/gossiper.ts';
import { randomInteger } from '../../src/node/machine.ts';
import { Replica } from '../../src/replica/replica.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';

const key = { number: 1, hash: ZERO_HASH };

interface Gossiping {
  readonly gossiper: Gossiper;
  readonly clock: VirtualClock;
  readonly author: Author;
  /** When each batch was handed to the network, on `clock`. */
  readonly publishedMs: readonly number[];
}

/** A gossiper that runs. `isTaken`: when the network has taken what it was handed. */
function startGossiping(isTaken: Promise<void> = Promise.resolve()): Gossiping {
  const identity = identityFromSeed(new Uint8Array(32).fill(1));
  const clock = new VirtualClock();
  const author = new Author({ ...identity, clock, skewBoundMs: 500 });
  const network = new MemoryHub({ clock, random: randomInteger }).join(new MemberList(identity.node, []));
  const publishedMs: number[] = [];
  network.publish = async () => {
    await isTaken;
    publishedMs.push(clock.monotonicMs());
  };
  const gossiper = new Gossiper({
    network,
    clock,
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
  return { gossiper, clock, author, publishedMs };
}

describe('gossip', () => {
  it('sends a claim as soon as it may, though a hint waits already and would wait longer', async () => {
    const { gossiper, clock, author, publishedMs } = startGossiping();
    const holders = recordOf({ holders: addHolder([], author.node) });
    for (const number of [1, 2]) {
      gossiper.send({ key: { number, hash: ZERO_HASH }, record: holders });
      await clock.advance(0);
    }
    assert.deepEqual(publishedMs, [0]);
    await clock.advance(1);
    gossiper.send({ key, record: recordOf({ lease: author.claim(key, 1, 30_000) }) });
    await clock.advance(1_000);
    assert.deepEqual(publishedMs, [0, CONTENDED_DELAY_MS_MAX]);
    assert.equal(clock.timers, 0);
  });
});

describe('gossip that stops', () => {
  it('has handed over what was made last, so that a lease that was given up is free elsewhere', async () => {
    const handedOver = Promise.withResolvers<void>();
    const { gossiper, author, publishedMs } = startGossiping(handedOver.promise);
    gossiper.send({ key, record: recordOf({ lease: author.claim(key, 1, 30_000) }) });
    let hasStopped = false;
    const stopping = gossiper.stop().then(() => (hasStopped = true));
    await turn();
    assert(!hasStopped);
    handedOver.resolve();
    await stopping;
    assert.equal(publishedMs.length, 1);
  });
});
