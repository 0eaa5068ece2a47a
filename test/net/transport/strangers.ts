/** libp2p nodes that are not made by driftlock: what an outsider, or a member that misbehaves, would run. */

import { gossipsub, StrictNoSign, type GossipSub } from '@libp2p/gossipsub';
import { identify, type Identify } from '@libp2p/identify';
import type { ConnectionGater, Libp2p } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { ping, type Ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import type { SecretIdentity } from '../../../net/identity/identity.ts';
import { libp2pKeyOf } from '../../../net/identity/key-file.ts';
import { gossipMessageId } from '../../../net/message-id.ts';

export interface RawServices extends Record<string, unknown> {
  identify: Identify;
  ping: Ping;
  gossip: GossipSub;
}

export type RawNode = Libp2p<RawServices>;

/** A started node on loopback with libp2p's own settings: it lets everybody in and sends what it likes. */
export function startRawNode(key: SecretIdentity, connectionGater: ConnectionGater = {}): Promise<RawNode> {
  return createLibp2p<RawServices>({
    privateKey: libp2pKeyOf(key),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater,
    services: {
      identify: identify(),
      ping: ping(),
      gossip: gossipsub({
        globalSignaturePolicy: StrictNoSign,
        msgIdFn: ({ topic, data }) => gossipMessageId(topic, data),
        allowPublishToZeroTopicPeers: true,
      }),
    },
  });
}
