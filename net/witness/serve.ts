/**
 * Serves witness payloads to peers, chunk by chunk.
 *
 * Invariants: a peer has at most `streamsPerPeer` streams and all peers together `streamsTotal`; one beyond is told so on
 * its first request and waits for nothing. A stream is served in the order of its requests, with at most
 * `WITNESS_READ_AHEAD` answers and `WITNESS_READ_AHEAD_BYTES` in memory. No peer and no region gets more bytes a second than its bucket gives, so who
 * asks much waits by itself.
 */

import { CHUNK_BYTES } from '../../crdt/block/payload-digest.ts';
import type { BlockKey, Hash32, NodeId } from '../../crdt/ids.ts';
import { pause, type Clock } from '../clock.ts';
import { decodeFrames } from '../framing/frames.ts';
import { blameForBytes } from '../framing/peer-misbehaved.ts';
import { STREAM_STALL_MS_MAX, withStallLimit } from '../framing/stall-limit.ts';
import type { ByteStream, StreamHandler } from '../network.ts';
import { TokenBucket } from '../rate/token-bucket.ts';
import { BoundedQueue } from '../stream/bounded-queue.ts';
import { PieceBuffer } from '../stream/piece-buffer.ts';
import { STREAM_PIECE_BYTES } from '../stream/pump.ts';
import { ChunkBuffers } from './chunk-buffers.ts';
import type { GarbagePacer } from './garbage-pacer.ts';
import { WITNESS_READ_AHEAD, WITNESS_READ_AHEAD_BYTES, WITNESS_REQUEST_BYTES_MAX } from './limits.ts';
import {
  decodeWitnessRequest,
  frameWitnessAnswer,
  WITNESS_PROTOCOL,
  type WitnessAnswer,
  type WitnessRequest,
} from './messages.ts';

/** A chunk that is here, as far as is known before it is read. */
export interface ServedChunk {
  /** At most `CHUNK_BYTES`; it is the most that `read` gives. */
  readonly sizeBytes: number;
  /** It may put the bytes into `into`, of `CHUNK_BYTES`, and return a view of it. Undefined when it is gone. */
  read(into?: Uint8Array): Promise<Uint8Array | undefined>;
}

/** What can be asked of this node's payloads; undefined when it is not here. */
export interface WitnessSource {
  chunkList(payloadDigest: Hash32): Promise<Uint8Array | undefined>;
  chunk(payloadDigest: Hash32, index: number): ServedChunk | undefined;
  prove(request: Extract<WitnessRequest, { kind: 'challenge' }>): Promise<Uint8Array | undefined>;
  /** Then the payload can be asked for by its digest, if it is asked for soon. */
  describe(key: BlockKey): Promise<Uint8Array | undefined>;
}

/** What can be asked of this node's `contracts.txt`; undefined when it is not here. */
export interface ContractSource {
  buckets(): Promise<Uint8Array | undefined>;
  hashes(bucket: number): Promise<Uint8Array | undefined>;
  linePart(contract: Hash32, part: number): Promise<Uint8Array | undefined>;
}

export interface ServeLimits {
  readonly streamsPerPeer: number;
  readonly streamsTotal: number;
  readonly bytesPerSecondPerPeer: number;
  readonly bytesPerSecondPerRegion: number;
}

export interface WitnessServerOptions {
  readonly source: WitnessSource;
  readonly contracts: ContractSource;
  readonly clock: Clock;
  readonly limits: ServeLimits;
  /** The region a peer says it stands in; empty when it has said nothing yet. */
  readonly regionOf: (peer: NodeId) => string;
  readonly garbage?: GarbagePacer | undefined;
}

/** An answer, and the buffer that its body may lie in. */
interface Prepared {
  readonly answer: WitnessAnswer;
  readonly buffer?: Uint8Array | undefined;
}

/** A request that is being answered. */
class Answering {
  /** Of its body. */
  readonly bytesMax: number;
  readonly prepared: Promise<Prepared>;
  isReady = false;

  constructor(bytesMax: number, prepared: Promise<Prepared>) {
    this.bytesMax = bytesMax;
    this.prepared = prepared;
    // It is awaited in its turn, or never when the stream fails before.
    const ready = (): void => void (this.isReady = true);
    prepared.then(ready, ready);
  }
}

export class WitnessServer {
  readonly #options: WitnessServerOptions;
  readonly #buffers = new ChunkBuffers();
  readonly #streams = new Map<NodeId, number>();
  readonly #peerBuckets = new Map<NodeId, TokenBucket>();
  readonly #regionBuckets = new Map<string, TokenBucket>();
  #streamCount = 0;
  #sentBytes = 0;

  constructor(options: WitnessServerOptions) {
    this.#options = options;
  }

  get streamCount(): number {
    return this.#streamCount;
  }

  /** Bytes of answers since the start. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** The handler for `WITNESS_PROTOCOL`. It throws `PeerMisbehaved` for what is no request. */
  readonly handler: StreamHandler = (peer, stream) =>
    withStallLimit(stream, WITNESS_PROTOCOL, this.#options.clock, STREAM_STALL_MS_MAX, (watched) =>
      this.#serve(peer, watched),
    );

  async #serve(peer: NodeId, stream: ByteStream): Promise<void> {
    const { streamsPerPeer, streamsTotal } = this.#options.limits;
    const ofPeer = this.#streams.get(peer) ?? 0;
    if (ofPeer >= streamsPerPeer || this.#streamCount >= streamsTotal) {
      await stream.sink(frameWitnessAnswer({ status: 'busy' }));
      return;
    }
    this.#streamCount++;
    this.#streams.set(peer, ofPeer + 1);
    try {
      await this.#answerAll(peer, stream);
    } finally {
      this.#streamCount--;
      this.#release(peer);
    }
  }

  async #answerAll(peer: NodeId, stream: ByteStream): Promise<void> {
    const reads = new BoundedQueue<Answering>(WITNESS_READ_AHEAD, WITNESS_READ_AHEAD_BYTES);
    const receive = async (): Promise<void> => {
      try {
        for await (const frame of decodeFrames(stream.source, WITNESS_PROTOCOL, WITNESS_REQUEST_BYTES_MAX)) {
          const request = blameForBytes(() => decodeWitnessRequest(frame));
          const answering = this.#answer(request);
          if (!(await reads.push(answering, answering.bytesMax))) return;
        }
      } finally {
        reads.end();
      }
    };
    await Promise.all([receive(), stream.sink(this.#paced(peer, reads))]);
  }

  #answer(request: WitnessRequest): Answering {
    if (request.kind !== 'chunk') {
      const prepared = this.#bodyOf(request).then((body) => ({ answer: answerWith(body) }));
      return new Answering(CHUNK_BYTES, prepared);
    }
    const chunk = this.#options.source.chunk(request.payloadDigest, request.index);
    return new Answering(chunk?.sizeBytes ?? 0, this.#read(chunk));
  }

  async #read(chunk: ServedChunk | undefined): Promise<Prepared> {
    const isLong = chunk !== undefined && chunk.sizeBytes > STREAM_PIECE_BYTES;
    const buffer = isLong ? this.#buffers.take() : undefined;
    return { answer: answerWith(await chunk?.read(buffer)), buffer };
  }

  #bodyOf(request: Exclude<WitnessRequest, { kind: 'chunk' }>): Promise<Uint8Array | undefined> {
    const { source, contracts } = this.#options;
    switch (request.kind) {
      case 'chunk-list':
        return source.chunkList(request.payloadDigest);
      case 'challenge':
        return source.prove(request);
      case 'description':
        return source.describe(request.key);
      case 'contract-buckets':
        return contracts.buckets();
      case 'contract-hashes':
        return contracts.hashes(request.bucket);
      case 'contract-line':
        return contracts.linePart(request.contract, request.part);
    }
  }

  /** Answers that are ready at the same moment leave together: each piece that a transport gets costs it a message, a cipher and a system call. */
  async *#paced(peer: NodeId, answers: BoundedQueue<Answering>): AsyncGenerator<Uint8Array> {
    const pieces = new PieceBuffer();
    const isReady = (next: Answering): boolean => next.isReady;
    for await (const first of answers) {
      await first.prepared;
      // What was read together with it is ready by then.
      await Promise.resolve();
      for (let next: Answering | undefined = first; next !== undefined; next = answers.takeIf(isReady)) {
        const { answer, buffer } = await next.prepared;
        const [front, body] = frameWitnessAnswer(answer);
        const waitMs = this.#charge(peer, front.length + body.length);
        if (waitMs > 0) {
          if (pieces.bytes > 0) yield pieces.take();
          await pause(this.#options.clock, waitMs);
        }
        this.#sentBytes += front.length + body.length;
        this.#options.garbage?.moved(body.length);
        yield* pieces.add([front, body]);
        if (buffer !== undefined) this.#buffers.giveBack(buffer);
      }
      if (pieces.bytes > 0) yield pieces.take();
    }
  }

  /** How long an answer of `bytes` has to wait. */
  #charge(peer: NodeId, bytes: number): number {
    const { clock, limits, regionOf } = this.#options;
    const nowMs = clock.monotonicMs();
    const ofPeer = bucketOf(this.#peerBuckets, peer, limits.bytesPerSecondPerPeer, nowMs);
    const ofRegion = bucketOf(this.#regionBuckets, regionOf(peer), limits.bytesPerSecondPerRegion, nowMs);
    return Math.max(ofPeer.take(bytes, nowMs), ofRegion.take(bytes, nowMs));
  }

  #release(peer: NodeId): void {
    const left = (this.#streams.get(peer) ?? 0) - 1;
    if (left > 0) this.#streams.set(peer, left);
    else this.#streams.delete(peer);
    const nowMs = this.#options.clock.monotonicMs();
    for (const buckets of [this.#peerBuckets, this.#regionBuckets]) dropFull(buckets, nowMs);
  }
}

function answerWith(body: Uint8Array | undefined): WitnessAnswer {
  return body === undefined ? { status: 'not-found' } : { status: 'found', body };
}

function bucketOf<Key>(buckets: Map<Key, TokenBucket>, key: Key, rate: number, nowMs: number): TokenBucket {
  const bucket = buckets.get(key) ?? new TokenBucket(rate, nowMs);
  buckets.set(key, bucket);
  return bucket;
}

/** A full bucket is as good as none, so those that are kept are of peers that were served within the last second or so. */
function dropFull<Key>(buckets: Map<Key, TokenBucket>, nowMs: number): void {
  for (const [key, bucket] of buckets) if (bucket.isFull(nowMs)) buckets.delete(key);
}
