/** Peers that do not keep to the block protocol: too long, too many, too slow, junk; on either side, at the limit and beyond. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeRecord } from '../../../crdt/block/record-codec.ts';
import { EMPTY_RECORD, recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import { RESULTS_MAX } from '../../../crdt/block/result.ts';
import { WITNESS_ANNOUNCEMENTS_MAX, WITNESS_BLOB_IDS_MAX } from '../../../crdt/block/witness.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import { isFailure } from '../../../crdt/errors.ts';
import type { BlockKey } from '../../../crdt/ids.ts';
import { pause } from '../../../net/clock.ts';
import { askForBlock, BLOCK_ASK_MS_MAX, BLOCK_STALL_MS_MAX, blockHandler } from '../../../net/block/exchange.ts';
import {
  BLOCK_ANSWER_BYTES_MAX,
  BLOCK_PROTOCOL,
  BLOCK_REQUEST_BYTES_MAX,
  encodeBlockAnswer,
  encodeBlockRequest,
} from '../../../net/block/messages.ts';
import { PeerMisbehaved } from '../../../net/framing/peer-misbehaved.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import { MemoryHub } from '../../../net/memory/hub.ts';
import { LANE_BYTES_MAX } from '../../../net/memory/stream-pair.ts';
import type { ByteStream, Network, StreamHandler } from '../../../net/network.ts';
import { TransportError } from '../../../net/transport-error.ts';
import { VirtualClock } from '../../../src/sim/virtual-clock.ts';
import { announcementWith, arbitraryRecord, hashOf, nodeOf, resultWith } from '../../crdt/block/arbitraries.ts';
import { holdsAsync } from '../../properties.ts';
import { readAll } from '../stream-pair.ts';

const [ASKER, PEER] = [nodeOf(1), nodeOf(2)];
/** Its request is as long as one can be. */
const KEY: BlockKey = { number: Number.MAX_SAFE_INTEGER, hash: hashOf(1) };
const NEVER = new AbortController().signal;
const [RECORD] = fc.sample(
  arbitraryRecord.filter(({ results }) => results.length > 0),
  { numRuns: 1, seed: 1 },
);
assert(RECORD !== undefined);

/** A frame that says it is `length` bytes long, of which `bytes` follow. */
function frame(bytes: Uint8Array, length = bytes.length): Uint8Array {
  return new Writer(4 + bytes.length).varint(length).fixed(bytes).finish();
}

/** Two linked nodes, the second of which serves the block protocol in its own way. */
class Pair {
  readonly clock = new VirtualClock();
  readonly #hub = new MemoryHub({ clock: this.clock, random: () => 0 });
  readonly asker = this.#join(ASKER);
  readonly #peer = this.#join(PEER);
  /** How serving streams ended; undefined: well. */
  readonly ends: unknown[] = [];

  static async start(make: (clock: VirtualClock) => StreamHandler): Promise<Pair> {
    const pair = new Pair();
    const handler = make(pair.clock);
    pair.#peer.serve(BLOCK_PROTOCOL, async (peer, stream) => {
      try {
        await handler(peer, stream);
        pair.ends.push(undefined);
      } catch (error) {
        pair.ends.push(error);
        throw error;
      }
    });
    await Promise.all([pair.asker.start(), pair.#peer.start()]);
    return pair;
  }

  #join(node: typeof ASKER): Network {
    return this.#hub.join(new MemberList(node, [ASKER, PEER]));
  }

  /** Lets time pass until `work` has settled; settles as it does. */
  async during<T>(work: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    work.then(settle, settle);
    assert(await this.clock.advanceUntil(() => isSettled, 600_000), 'it comes to an end');
    return work;
  }

  open(): Promise<ByteStream> {
    return this.during(this.asker.open(PEER, BLOCK_PROTOCOL, NEVER));
  }

  ask(): Promise<BlockRecord> {
    return this.during(askForBlock({ network: this.asker, clock: this.clock, peer: PEER, key: KEY, signal: NEVER }));
  }

  /** What a request of these chunks is answered with; undefined when the stream ends in another way. */
  async answerTo(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined> {
    const stream = await this.open();
    const sent = stream.sink(chunks).catch(() => undefined);
    const answer = await this.during(readAll(stream.source).catch(() => undefined));
    await this.during(sent);
    return answer;
  }
}

/** Keeps to the protocol, and has a record of every block. */
function honest(): Promise<Pair> {
  return Pair.start((clock) => blockHandler(clock, () => RECORD ?? EMPTY_RECORD));
}

/** Answers every request with these chunks, and closes. */
function answering(chunks: Iterable<Uint8Array> | (() => AsyncIterable<Uint8Array>)): Promise<Pair> {
  return Pair.start(() => async (_peer, stream) => {
    await stream.sink(typeof chunks === 'function' ? chunks() : chunks);
  });
}

function isBlamedFor(error: unknown, argument: string): boolean {
  return error instanceof PeerMisbehaved && error.argument === argument;
}

async function rejection(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => assert.fail('it was taken'),
    (error: unknown) => error,
  );
}

/** The bytes one by one, with a pause before each. */
async function* drops(clock: VirtualClock, bytes: Uint8Array, pauseMs: number): AsyncGenerator<Uint8Array> {
  for (const byte of bytes) {
    await pause(clock, pauseMs);
    yield Uint8Array.of(byte);
  }
}

describe('a request for a block', () => {
  const request = encodeBlockRequest(KEY);
  const answer = frame(encodeBlockAnswer(RECORD));

  it('of BLOCK_REQUEST_BYTES_MAX is answered; a longer one is refused before its bytes have come', async () => {
    assert.equal(request.length, BLOCK_REQUEST_BYTES_MAX);
    const pair = await honest();
    assert.deepEqual(await pair.answerTo([frame(request)]), Buffer.from(answer));
    assert.equal(await pair.answerTo([frame(new Uint8Array(), BLOCK_REQUEST_BYTES_MAX + 1)]), undefined);
    assert(isBlamedFor(pair.ends[1], 'frame length'));
  });

  it('is answered once: a second one is the end of the stream', async () => {
    const pair = await honest();
    assert.equal(await pair.answerTo([frame(request), frame(request)]), undefined);
    assert(isBlamedFor(pair.ends[0], 'block stream'));
  });

  it('that is none, or only begun, is nobody’s fault and gets no answer', async () => {
    const pair = await honest();
    for (const chunks of [[], [frame(request).subarray(0, 9)], [Uint8Array.of(BLOCK_REQUEST_BYTES_MAX)]]) {
      assert.equal(await pair.answerTo(chunks), undefined);
      assert(isFailure(pair.ends.at(-1), 'ERR_STREAM_FAILED'));
    }
  });

  it('may come byte by byte, but not with BLOCK_STALL_MS_MAX of silence', async () => {
    const pair = await honest();
    const taken = await pair.answerTo(drops(pair.clock, frame(request), BLOCK_STALL_MS_MAX - 1));
    assert.deepEqual(taken, Buffer.from(answer));
    assert.equal(await pair.answerTo(drops(pair.clock, frame(request), BLOCK_STALL_MS_MAX)), undefined);
    assert(isFailure(pair.ends[1], 'ERR_STREAM_FAILED'));
  });

  it('whose answer is not read holds nothing for longer than that', async () => {
    const blobIds = Array.from({ length: WITNESS_BLOB_IDS_MAX }, (_, n) => hashOf(n));
    const witnesses = Array.from({ length: WITNESS_ANNOUNCEMENTS_MAX }, (_, n) =>
      announcementWith({ author: nodeOf(n), blobIds }),
    );
    const results = Array.from({ length: RESULTS_MAX }, (_, n) =>
      resultWith({ node: nodeOf(n), stateRoot: hashOf(n) }),
    );
    const large = recordOf({ witnesses, results });
    assert(encodeRecord(large).length > LANE_BYTES_MAX, 'more than a stream takes up without a reader');
    const pair = await Pair.start((clock) => blockHandler(clock, () => large));
    const stream = await pair.open();
    await pair.during(stream.sink([frame(request)]));
    await pair.clock.advance(BLOCK_STALL_MS_MAX - 1);
    assert.deepEqual(pair.ends, []);
    await pair.clock.advance(BLOCK_STALL_MS_MAX);
    assert(isFailure(pair.ends[0], 'ERR_STREAM_FAILED'));
    await assert.rejects(readAll(stream.source));
  });

  it('of junk gets no answer, whatever it is cut into, and the next one is served', async () => {
    const pair = await honest();
    await holdsAsync(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), async (chunks) => {
        assert.equal(await pair.answerTo(chunks), undefined);
        const error = pair.ends.at(-1);
        assert(error instanceof PeerMisbehaved || error instanceof TransportError, String(error));
      }),
    );
    assert.deepEqual(await pair.answerTo([frame(request)]), Buffer.from(answer));
  });
});

describe('an answer about a block', () => {
  const answer = encodeBlockAnswer(RECORD);

  it('of BLOCK_ANSWER_BYTES_MAX is read, and one that says it is longer refused before its bytes have come', async () => {
    // As long as an answer can be, and no record: it is what it holds that is refused.
    const longest = new Uint8Array(BLOCK_ANSWER_BYTES_MAX).fill(0xff);
    longest[0] = 1;
    const atLimit = await rejection((await answering([frame(longest)])).ask());
    assert(atLimit instanceof PeerMisbehaved && atLimit.argument !== 'frame length', String(atLimit));
    const beyond = await rejection((await answering([frame(new Uint8Array(), BLOCK_ANSWER_BYTES_MAX + 1)])).ask());
    assert(isBlamedFor(beyond, 'frame length'));
  });

  it('is taken alone: with a second one behind it neither counts', async () => {
    const pair = await answering([frame(answer)]);
    assert.deepEqual(encodeRecord(await pair.ask()), encodeRecord(RECORD));
    const error = await rejection((await answering([frame(answer), frame(answer)])).ask());
    assert(isBlamedFor(error, 'block stream'));
  });

  it('that is none, or only begun, is a lost stream and nobody’s fault', async () => {
    for (const chunks of [[], [frame(answer).subarray(0, -1)]]) {
      assert(isFailure(await rejection((await answering(chunks)).ask()), 'ERR_STREAM_FAILED'));
    }
  });

  it('has BLOCK_ASK_MS_MAX to arrive whole, however busily it drips', async () => {
    const bytes = frame(answer);
    const within = Math.floor(BLOCK_ASK_MS_MAX / bytes.length / 2);
    const quick: Pair = await answering(() => drops(quick.clock, bytes, within));
    assert.deepEqual(encodeRecord(await quick.ask()), encodeRecord(RECORD));
    const slow: Pair = await answering(() => drops(slow.clock, bytes, BLOCK_ASK_MS_MAX / (bytes.length - 1)));
    const began = slow.clock.monotonicMs();
    const error = await rejection(slow.ask());
    assert(error instanceof DOMException && error.name === 'TimeoutError', String(error));
    assert.equal(slow.clock.monotonicMs() - began, BLOCK_ASK_MS_MAX);
    await slow.clock.advance(60_000);
    assert.equal(slow.clock.timers, 0, 'nothing goes on');
  });

  it('of junk is no record, whatever it is cut into', async () => {
    await holdsAsync(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), async (chunks) => {
        const found = await (await answering(chunks)).ask().catch((error: unknown) => error);
        const isNone = found instanceof PeerMisbehaved || found instanceof TransportError;
        // One byte that is the version is the answer of who knows nothing of the block.
        const isEmpty = Buffer.concat(chunks).equals(frame(encodeBlockAnswer(EMPTY_RECORD)));
        assert(isNone || isEmpty, String(found));
      }),
    );
  });
});
