import assert from 'node:assert/strict';
import type { Connection, Libp2p } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../../../net/clock.ts';
import { generateKey, type SecretIdentity } from '../../../net/identity/identity.ts';
import { libp2pKeyOf } from '../../../net/identity/key-file.ts';
import { createNode, PING_INTERVAL_MS, PING_TIMEOUT_MS_MAX } from '../../../net/libp2p/node.ts';
import { SILENT_CHECKS_MAX } from '../../../net/libp2p/silence.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import { systemClock } from '../../../src/node/machine.ts';
import { VirtualClock } from './virtual-clock.ts';

const PROBE = '/ipfs/ping/1.0.0';

function nodeOf(key: SecretIdentity, peer: SecretIdentity, clock: Clock): ReturnType<typeof createNode> {
  return createNode({
    clock,
    privateKey: libp2pKeyOf(key),
    members: new MemberList(key.node, [peer.node]),
    listen: [multiaddr('/ip4/127.0.0.1/tcp/0')],
    topics: [],
    mdns: false,
    dht: undefined,
    listenFailures: [],
  });
}

/** `clock`: of the end that `work` is given. */
async function withConnection(
  work: (connection: Connection, theirs: Libp2p) => Promise<void>,
  clock: Clock = systemClock,
): Promise<void> {
  const [one, other] = [generateKey(), generateKey()];
  const [ours, theirs] = await Promise.all([nodeOf(one, other, clock), nodeOf(other, one, systemClock)]);
  await Promise.all([ours.start(), theirs.start()]);
  try {
    await work(await ours.dial(theirs.getMultiaddrs()), theirs);
  } finally {
    await Promise.all([ours.stop(), theirs.stop()]);
  }
}

describe('a connection of libp2p', () => {
  it('has room for all probes that are sent before the first is given up', () =>
    withConnection(async (connection) => {
      // Nothing is sent on these, so they are all unanswered. libp2p's own takes the last place.
      for (let afterMs = 0; afterMs < PING_TIMEOUT_MS_MAX; afterMs += PING_INTERVAL_MS)
        await connection.newStream(PROBE);
      assert.equal(connection.status, 'open');
    }));

  it('may close while streams are opened on it: they fail, and nothing is thrown where nobody catches', () =>
    withConnection(async (connection) => {
      // Once a round trip was measured, yamux gives a stream that is young more room, be it closed or not.
      await connection.newStream(PROBE);
      const opening = [1, 2, 3].map(() => connection.newStream(PROBE));
      connection.abort(new Error('the cable was cut'));
      for (const stream of opening) await assert.rejects(stream);
    }));

  it('may close under a stream that has bytes to send: its writer is told', () =>
    withConnection(async (connection) => {
      const stream = await connection.newStream(PROBE);
      const closed = new Promise((resolve) => stream.addEventListener('close', resolve, { once: true }));
      connection.abort(new Error('the cable was cut'));
      await closed;
      assert.throws(() => stream.send(new Uint8Array(1)), { name: 'StreamStateError' });
    }));

  it('ends once nothing arrived on it for SILENT_CHECKS_MAX checks, and one before that stands', async () => {
    const clock = new VirtualClock();
    await withConnection((connection) => {
      // In one turn of the event loop, so nothing arrives in between.
      for (let check = 1; check < SILENT_CHECKS_MAX; check++) clock.step();
      assert.equal(connection.status, 'open');
      clock.step();
      assert.equal(connection.status, 'aborted');
      return Promise.resolve();
    }, clock);
    assert.equal(clock.timers, 0);
  });

  it('stands as long as something arrives on it, whatever that is', async () => {
    const clock = new VirtualClock();
    await withConnection(async (connection) => {
      for (let round = 1; round <= 3; round++) {
        for (let check = 1; check < SILENT_CHECKS_MAX; check++) clock.step();
        // The answer of its negotiation.
        await connection.newStream(PROBE);
      }
      assert.equal(connection.status, 'open');
    }, clock);
  });

  it('stands though no probe is answered, as long as something arrives on it', async () => {
    await withConnection(async (connection, theirs) => {
      const givenUp = Promise.withResolvers<void>();
      await theirs.unhandle(PROBE);
      await theirs.handle(PROBE, (stream) => stream.addEventListener('close', () => givenUp.resolve()));
      // After PING_TIMEOUT_MS_MIN; whoever judged by it would have closed the connection with the stream.
      await givenUp.promise;
      await connection.newStream(PROBE);
      assert.equal(connection.status, 'open');
    });
  });
});
