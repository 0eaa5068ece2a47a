import assert from 'node:assert/strict';
import { multiaddr } from '@multiformats/multiaddr';
import { generateKey, type SecretIdentity } from '../../../net/identity/identity.ts';
import { libp2pKeyOf } from '../../../net/identity/key-file.ts';
import { createNode, PING_INTERVAL_MS, PING_TIMEOUT_MS_MAX } from '../../../net/libp2p/node.ts';
import { MemberList } from '../../../net/membership/member-list.ts';

const PROBE = '/ipfs/ping/1.0.0';

function nodeOf(key: SecretIdentity, peer: SecretIdentity): ReturnType<typeof createNode> {
  return createNode({
    privateKey: libp2pKeyOf(key),
    members: new MemberList(key.node, [peer.node]),
    listen: [multiaddr('/ip4/127.0.0.1/tcp/0')],
    topics: [],
    mdns: false,
    dht: undefined,
    listenFailures: [],
  });
}

describe('probes of a connection', () => {
  it('may all be under way that are sent before the first is given up', async () => {
    const [one, other] = [generateKey(), generateKey()];
    const [ours, theirs] = await Promise.all([nodeOf(one, other), nodeOf(other, one)]);
    await Promise.all([ours.start(), theirs.start()]);
    try {
      const connection = await ours.dial(theirs.getMultiaddrs());
      // Nothing is sent on these, so they are all unanswered. libp2p's own takes the last place.
      for (let afterMs = 0; afterMs < PING_TIMEOUT_MS_MAX; afterMs += PING_INTERVAL_MS)
        await connection.newStream(PROBE);
      assert.equal(connection.status, 'open');
    } finally {
      await Promise.all([ours.stop(), theirs.stop()]);
    }
  });
});
