/**
 * libp2p's Kademlia DHT as driftlock runs it: among the members of one cluster's network, for provider records alone.
 *
 * Invariants: its protocol is our own, so it never meets the public DHT; addresses of any kind are kept, since members stand
 * on loopback and private networks; every incoming message passes the limits of `query-limit.ts`, and everything it stores
 * those of `provider-datastore.ts`. Who is let in is the connection gater's business, as everywhere.
 *
 * Maymounkov, Mazières: "Kademlia: A Peer-to-peer Information System Based on the XOR Metric", IPTPS 2002.
 */

import type { Connection, PeerId, Topology } from '@libp2p/interface';
import { kadDHT, passthroughMapper, type KadDHT, type KadDHTComponents, type KadDHTInit } from '@libp2p/kad-dht';
import type { Clock } from '../../clock.ts';
import { PROVIDER_VALIDITY_MS } from '../../holder-directory.ts';
import { STREAMS_PER_PEER_MAX } from '../../network.ts';
import { ProviderDatastore } from './provider-datastore.ts';
import { limitQueries } from './query-limit.ts';

export const DHT_PROTOCOL = '/driftlock/kad/1';
/** Members that a query asks at a time, and its disjoint paths: three, as Kademlia's paper has it. */
export const DHT_PARALLEL_QUERIES = 3;
/** An incoming message, from its first byte to the answer. */
export const DHT_MESSAGE_TIMEOUT_MS = 5_000;

export class MemberDht {
  readonly #clock: Clock;
  #topology: Topology | undefined;
  /** Peers that said in identify that they run the DHT: members all. */
  readonly #speakers = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For libp2p's `services`. */
  readonly service = (components: KadDHTComponents): KadDHT => {
    const registrar = limitQueries(components.registrar, DHT_PROTOCOL, this.#clock);
    const make = kadDHT(DHT_OPTIONS);
    // One by one: libp2p's components cannot be spread.
    return make({
      peerId: components.peerId,
      privateKey: components.privateKey,
      addressManager: components.addressManager,
      peerStore: components.peerStore,
      connectionManager: components.connectionManager,
      events: components.events,
      logger: components.logger,
      ping: components.ping,
      datastore: new ProviderDatastore(),
      registrar: {
        ...registrar,
        register: (protocol, topology, options) => {
          this.#topology = topology;
          const onConnect = (peer: PeerId, connection: Connection): void | Promise<void> => {
            this.#speakers.add(peer.toString());
            return topology.onConnect?.(peer, connection);
          };
          return registrar.register(protocol, { ...topology, onConnect }, options);
        },
      },
    });
  };

  /**
   * Tells the DHT of a linked peer that runs it once more; nothing happens when it knows it. It looks at a peer once, when identify is
   * done, and who did not answer its ping then, on a busy machine say, would stay out of its table for as long as the link stands.
   */
  introduce(connection: Connection): void {
    const { remotePeer } = connection;
    if (this.#speakers.has(remotePeer.toString())) void this.#topology?.onConnect?.(remotePeer, connection);
  }
}

const DHT_OPTIONS: KadDHTInit = {
  protocol: DHT_PROTOCOL,
  clientMode: false,
  alpha: DHT_PARALLEL_QUERIES,
  disjointPaths: DHT_PARALLEL_QUERIES,
  // A node that stands alone answers "nobody" rather than waiting for company.
  allowQueryWithZeroPeers: true,
  peerInfoMapper: passthroughMapper,
  maxInboundStreams: STREAMS_PER_PEER_MAX,
  maxOutboundStreams: STREAMS_PER_PEER_MAX,
  incomingMessageTimeout: DHT_MESSAGE_TIMEOUT_MS,
  reprovide: {
    validity: PROVIDER_VALIDITY_MS,
    // Looked at three times in its life, and renewed in the last half of it.
    interval: PROVIDER_VALIDITY_MS / 3,
    threshold: PROVIDER_VALIDITY_MS / 2,
  },
};
