/**
 * The libp2p node underneath: which modules it is made of, and every limit and time that is not their default.
 */

import type { GossipSub } from '@libp2p/gossipsub';
import { identify, type Identify } from '@libp2p/identify';
import type { ComponentLogger, Ed25519PrivateKey, Libp2p, Metrics } from '@libp2p/interface';
import type { KadDHT } from '@libp2p/kad-dht';
import { mdns } from '@libp2p/mdns';
import { noise } from '@libp2p/noise';
import { ping, type Ping } from '@libp2p/ping';
import type { Multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import type { Clock } from '../clock.ts';
import type { MemberList } from '../membership/member-list.ts';
import { isLoopbackOnly } from './addresses.ts';
import type { MemberDht } from './dht/service.ts';
import { memberGater } from './gater.ts';
import { gossipService } from './gossip.ts';
import { tcpReporting, type ListenFailure } from './listening.ts';
import { yamuxOverClosing } from './muxing.ts';
import { SilenceWatch } from './silence.ts';
import { STREAM_WINDOW_BYTES_MAX } from './streams.ts';

export const CONNECTIONS_MAX = 300;
/** Connections a second from one host: of a site with all its machines behind one address, when they all start at once. */
export const INBOUND_PER_SECOND_MAX = 32;
/** The same for a node that listens on loopback only, where all of a test cluster is one host. */
export const INBOUND_PER_SECOND_MAX_LOOPBACK = 1_000;
/** Inbound connections that have not finished their handshake. */
export const INBOUND_PENDING_MAX = 64;
/** A dial, over all addresses of the peer, with name lookup and handshake. */
export const DIAL_TIMEOUT_MS = 10_000;
/** One address of them: an address into nowhere must not keep the next from being tried. */
export const ADDRESS_DIAL_TIMEOUT_MS = 2_500;
/** The negotiation of one stream. gossipsub opens its streams one after the other, so a mute peer holds up the next. */
export const NEGOTIATION_TIMEOUT_MS = 5_000;

/** Each connection is probed this often: the round trip of `PeerLink`, and a sign of life for `silence.ts`. */
export const PING_INTERVAL_MS = 1_000;
/** A probe takes 3 round trips; 2 s leaves room for regions 300 ms apart and for a machine that stalls for a second. */
export const PING_TIMEOUT_MS_MIN = 2_000;
/** The bound of the adaptive timeout: a round trip that takes longer is not measured. */
export const PING_TIMEOUT_MS_MAX = 5_000;
/** Probes under way on one connection. By default it is one, and while that is late there would be no other sign of life. */
export const PINGS_UNDER_WAY_MAX = Math.ceil(PING_TIMEOUT_MS_MAX / PING_INTERVAL_MS) + 1;

export interface Services extends Record<string, unknown> {
  identify: Identify;
  ping: Ping;
  gossip: GossipSub;
  dht?: KadDHT;
}

/** As libp2p wants it: made once, with its logger. */
export type MetricsFactory = (components: { readonly logger: ComponentLogger }) => Metrics;

export interface NodeOptions {
  readonly clock: Clock;
  readonly privateKey: Ed25519PrivateKey;
  readonly members: MemberList;
  readonly listen: readonly Multiaddr[];
  readonly topics: readonly string[];
  readonly mdns: boolean;
  /** Takes libp2p's own measurements; undefined: nobody does. */
  readonly metrics?: MetricsFactory | undefined;
  readonly dht: MemberDht | undefined;
  /** Receives why an address could not be listened on. */
  readonly listenFailures: ListenFailure[];
}

/** A node that is not started yet. */
export function createNode(options: NodeOptions): Promise<Libp2p<Services>> {
  const inboundConnectionThreshold = isLoopbackOnly(options.listen)
    ? INBOUND_PER_SECOND_MAX_LOOPBACK
    : INBOUND_PER_SECOND_MAX;
  const silence = new SilenceWatch(options.clock);
  return createLibp2p<Services>({
    start: false,
    privateKey: options.privateKey,
    addresses: { listen: options.listen.map(String) },
    transports: [tcpReporting(options.listenFailures)],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamuxOverClosing(
        {
          streamOptions: {
            maxStreamWindowSize: STREAM_WINDOW_BYTES_MAX,
            // Beyond the window nothing can arrive, so this only has to be larger.
            maxReadBufferLength: 2 * STREAM_WINDOW_BYTES_MAX,
          },
        },
        (connection) => silence.watch(connection),
      ),
    ],
    connectionGater: memberGater(options.members),
    connectionManager: {
      maxConnections: CONNECTIONS_MAX,
      inboundConnectionThreshold,
      maxIncomingPendingConnections: INBOUND_PENDING_MAX,
      dialTimeout: DIAL_TIMEOUT_MS,
      addressDialTimeout: ADDRESS_DIAL_TIMEOUT_MS,
      outboundStreamProtocolNegotiationTimeout: NEGOTIATION_TIMEOUT_MS,
      inboundStreamProtocolNegotiationTimeout: NEGOTIATION_TIMEOUT_MS,
    },
    connectionMonitor: {
      abortConnectionOnPingFailure: false,
      pingInterval: PING_INTERVAL_MS,
      pingTimeout: { minTimeout: PING_TIMEOUT_MS_MIN, maxTimeout: PING_TIMEOUT_MS_MAX },
    },
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
    peerDiscovery: options.mdns ? [mdns()] : [],
    services: {
      // Run by `Libp2pNetwork`, which lists a connection once it is answered.
      identify: identify({ runOnConnectionOpen: false }),
      ping: ping({ maxInboundStreams: PINGS_UNDER_WAY_MAX, maxOutboundStreams: PINGS_UNDER_WAY_MAX }),
      gossip: gossipService(options.topics),
      ...(options.dht === undefined ? {} : { dht: options.dht.service }),
    },
  });
}
