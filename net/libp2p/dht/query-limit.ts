/**
 * A limit on what each member may ask of this node's DHT: its streams are reset while it asks too much, and nobody else's.
 *
 * Invariant: a stream counts as one query and each `QUERY_BYTES` on it as one more, so that packing many messages
 * into one stream gains nothing. A correct node sends one message a stream.
 */

import type { Connection, Stream, StreamHandler, StreamMessageEvent } from '@libp2p/interface';
import type { Registrar } from '@libp2p/interface-internal';
import type { Clock } from '../../clock.ts';
import { TokenBucket } from '../../rate/token-bucket.ts';
import { streamFailed } from '../../transport-error.ts';

/**
 * On average, and so many at once. One query with its 40 bytes counts as three, one provider record with its addresses as ten
 * or so: a member may look up a hundred digests or say that it holds thirty, each second.
 */
export const QUERIES_PER_PEER_PER_SECOND = 300;
/** The shortest message is longer: a digest and the peer it comes with. */
export const QUERY_BYTES = 32;
/** One provider record with all addresses of a node is below 2 KiB; nothing longer is of use. */
export const QUERY_STREAM_BYTES_MAX = 4_096;

/** Counts queries by peer. */
export class QueryLimit {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether `peer` may ask `queries` more now; what it may not is not counted. */
  allows(peer: string, queries: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    for (const [other, bucket] of this.#buckets) if (bucket.isFull(nowMs)) this.#buckets.delete(other);
    const bucket = this.#buckets.get(peer) ?? new TokenBucket(QUERIES_PER_PEER_PER_SECOND, nowMs);
    this.#buckets.set(peer, bucket);
    if (bucket.take(queries, nowMs) === 0) return true;
    bucket.take(-queries, nowMs);
    return false;
  }
}

/** `registrar`, with every stream of `protocol` that it hands out held to the limits. */
export function limitQueries(registrar: Registrar, protocol: string, clock: Clock): Registrar {
  const limit = new QueryLimit(clock);
  const limited =
    (handler: StreamHandler): StreamHandler =>
    (stream, connection) =>
      serveWithin(limit, handler, stream, connection);
  return {
    handle: (name, handler, options) => registrar.handle(name, name === protocol ? limited(handler) : handler, options),
    unhandle: (name, options) => registrar.unhandle(name, options),
    getProtocols: () => registrar.getProtocols(),
    getHandler: (name) => registrar.getHandler(name),
    use: (name, middleware) => registrar.use(name, middleware),
    unuse: (name) => registrar.unuse(name),
    getMiddleware: (name) => registrar.getMiddleware(name),
    register: (name, topology, options) => registrar.register(name, topology, options),
    unregister: (id) => registrar.unregister(id),
    getTopologies: (name) => registrar.getTopologies(name),
  };
}

function serveWithin(
  limit: QueryLimit,
  handler: StreamHandler,
  stream: Stream,
  connection: Connection,
): void | Promise<void> {
  const peer = connection.remotePeer.toString();
  const refuse = (found: string): void => stream.abort(streamFailed(stream.protocol, found));
  if (!limit.allows(peer, 1)) return refuse('more queries than a peer may ask');
  const serving = handler(stream, connection);
  let arrivedBytes = 0;
  // After the handler's own listener: what arrives before there is one waits in the stream.
  stream.addEventListener('message', ({ data }: StreamMessageEvent) => {
    const before = Math.ceil(arrivedBytes / QUERY_BYTES);
    arrivedBytes += data.byteLength;
    if (arrivedBytes > QUERY_STREAM_BYTES_MAX) refuse(`more than ${QUERY_STREAM_BYTES_MAX} bytes of queries`);
    else if (!limit.allows(peer, Math.ceil(arrivedBytes / QUERY_BYTES) - before))
      refuse('more queries than a peer may ask');
  });
  return serving;
}
