/**
 * What driftlock needs of a network: gossip to topics, streams between two members, and who is connected. libp2p
 * carries it in production (`libp2p/`), memory in tests and the simulator (`memory/`); one compliance suite runs
 * against both.
 *
 * Invariants: a handler only ever sees members of the cluster; gossip may be lost, repeated and reordered, and a node
 * never receives its own; bytes on one stream arrive in order or the stream fails.
 */

import type { NodeId } from '../crdt/ids.ts';

/** What the receiver made of a gossip message. It decides whether the message is passed on, and whether it costs score. */
export type GossipVerdict =
  /** Good: pass it on. */
  | 'accept'
  /** Not useful here (known already, too early): do not pass it on, nobody is to blame. */
  | 'ignore'
  /** Invalid: do not pass it on, and hold it against the peer that passed it to us. */
  | 'reject';

export type GossipHandler = (message: GossipMessage) => GossipVerdict | Promise<GossipVerdict>;

export interface GossipMessage {
  /** The connected peer that handed it over; often not its author. */
  readonly relayedBy: NodeId;
  readonly bytes: Uint8Array;
}

/** A duplex of byte chunks as it-pipe composes them. Chunk boundaries mean nothing. */
export interface ByteStream {
  /**
   * Ends when the other side has closed its writing end; throws when the stream fails. A loop over it may be left and
   * taken up again by another: what was not read yet stays.
   */
  readonly source: AsyncIterable<Uint8Array>;
  /** Writes all of `source`, with backpressure, then closes the writing end. Call it at most once. */
  sink(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
  /** Ends both directions at once; the other side sees a failure. Does nothing when the stream has ended. */
  abort(reason: Error): void;
}

export interface StreamHandler {
  (peer: NodeId, stream: ByteStream): Promise<void>;
}

export interface PeerLink {
  readonly node: NodeId;
  /** Last measured round trip in milliseconds; undefined before the first measurement. */
  readonly roundTripMs: number | undefined;
}

export interface Network {
  readonly self: NodeId;
  start(): Promise<void>;
  /** Closes every connection and stream. Pending calls reject. */
  stop(): Promise<void>;

  /**
   * Sends `bytes` to every subscriber in reach. Resolves when handed to the transport. The same bytes on the same topic
   * within `GOSSIP_SEEN_MS` are the same message, and go out once. Precondition: this node subscribed to `topic`.
   * Throws `ERR_OVER_LIMIT` beyond `GOSSIP_MESSAGE_BYTES_MAX`, `ERR_NOT_RUNNING` before `start` and after `stop`.
   */
  publish(topic: string, bytes: Uint8Array): Promise<void>;
  /** At most one handler a topic; call it before `start`. A handler that throws counts as `ignore`. */
  subscribe(topic: string, handler: GossipHandler): void;

  /** Serves `protocol`; call it before `start`. The stream is aborted when the handler throws. */
  serve(protocol: string, handler: StreamHandler): void;
  /**
   * `signal` rules the stream for life: when it is aborted, so is the stream. Throws `ERR_UNREACHABLE` when there is no
   * connection to `peer` or it does not speak `protocol`, `ERR_OVER_LIMIT` beyond `STREAMS_PER_PEER_MAX`.
   */
  open(peer: NodeId, protocol: string, signal: AbortSignal): Promise<ByteStream>;

  /** Members with a live connection. */
  peers(): readonly PeerLink[];
  /** Calls `listener` after a member's connection opened or closed. The returned function removes it. */
  onPeersChanged(listener: () => void): () => void;
}

/** The largest gossip message. A transport may lose the whole link over a larger one, so it is refused before sending. */
export const GOSSIP_MESSAGE_BYTES_MAX = 256 * 1024;

/** How long a gossip message is remembered, in milliseconds: its repetitions within that time are dropped. */
export const GOSSIP_SEEN_MS = 120_000;

/** The most streams of one protocol that a node may have open towards one peer. */
export const STREAMS_PER_PEER_MAX = 32;

/** The most bytes that lie between a writer and a reader that has stopped reading, on one stream in one direction. */
export const STREAM_BUFFER_BYTES_MAX = 6 * 1024 * 1024;
