import assert from 'node:assert/strict';
import fc from 'fast-check';
import { chunkListOf, CHUNK_BYTES, encodeChunkList } from '../../../crdt/block/payload-digest.ts';
import { isFailure } from '../../../crdt/errors.ts';
import { HASH_BYTES, type NodeId } from '../../../crdt/ids.ts';
import { pause } from '../../../net/clock.ts';
import { ChunkBuffers } from '../../../net/witness/chunk-buffers.ts';
import { ANSWER_TIMEOUT_MS } from '../../../net/witness/client.ts';
import { WITNESS_ANSWER_BYTES_MAX } from '../../../net/witness/limits.ts';
import { encodeWitnessAnswer, frameWitnessAnswer, type WitnessRequest } from '../../../net/witness/messages.ts';
import { CHUNKS_IN_FLIGHT_MAX, retrieveWitness, SOURCES_PER_PAYLOAD_MAX } from '../../../net/witness/retrieve.ts';
import { OVERTAKE_MS } from '../../../net/witness/schedule.ts';
import { holdsAsync } from '../../properties.ts';
import { holderOf, liar, payloadOf, wantedOf, WitnessPeers, type HolderMaker } from './peers.ts';

/** More than several windows of one source, the last chunk shorter. */
const payload = payloadOf(24 * CHUNK_BYTES + 17);
const NEVER = new AbortController().signal;

interface Retrieved {
  readonly isComplete: boolean;
  readonly bytes: Uint8Array;
  readonly lost: readonly { readonly source: NodeId; readonly code: string }[];
  readonly written: readonly number[];
}

async function retrieve(
  peers: WitnessPeers,
  of: Uint8Array = payload,
  options: { readonly has?: (index: number) => boolean; readonly signal?: AbortSignal } = {},
): Promise<Retrieved> {
  const bytes = new Uint8Array(of.length);
  const lost: { source: NodeId; code: string }[] = [];
  const written: number[] = [];
  const isComplete = await peers.during(
    retrieveWitness({
      client: peers.client,
      clock: peers.clock,
      buffers: new ChunkBuffers(),
      wanted: wantedOf(of),
      sources: peers.holders,
      begin: async () => options.has ?? (() => false),
      onChunk: async (index, chunk) => {
        written.push(index);
        bytes.set(chunk, index * CHUNK_BYTES);
      },
      onSourceLost: (source, error) => lost.push({ source, code: isFailure(error) ? error.code : String(error) }),
      signal: options.signal ?? NEVER,
    }),
  );
  return { isComplete, bytes, lost, written };
}

class CountedBuffers extends ChunkBuffers {
  takenCount = 0;
  outCount = 0;

  override take(): Uint8Array {
    this.takenCount++;
    this.outCount++;
    return super.take();
  }

  override giveBack(buffer: Uint8Array): void {
    this.outCount--;
    super.giveBack(buffer);
  }
}

/** Serves the payload, but for what `spoil` makes of a chunk. */
function spoiling(spoil: (chunk: Uint8Array, index: number) => Uint8Array): HolderMaker {
  return liar((request) => [honestAnswer(request, spoil)]);
}

function honestAnswer(
  request: WitnessRequest,
  spoil: (chunk: Uint8Array, index: number) => Uint8Array = (chunk) => chunk,
): Uint8Array {
  if (request.kind !== 'chunk') {
    return encodeWitnessAnswer({ status: 'found', body: encodeChunkList(chunkListOf(payload)) });
  }
  const chunk = payload.slice(request.index * CHUNK_BYTES, (request.index + 1) * CHUNK_BYTES);
  return encodeWitnessAnswer({ status: 'found', body: spoil(chunk, request.index) });
}

const flipLast = (chunk: Uint8Array): Uint8Array => {
  chunk[chunk.length - 1] = (chunk.at(-1) ?? 0) ^ 1;
  return chunk;
};
const honest = holderOf([payload]);
const mute: HolderMaker = () => () => new Promise(() => undefined);

/** A byte of its answer a second. */
const dripping: HolderMaker = (clock) => async (_peer, stream) => {
  const frame = Buffer.concat(frameWitnessAnswer({ status: 'found', body: new Uint8Array(25 * HASH_BYTES) }));
  async function* drops(): AsyncGenerator<Uint8Array> {
    for (const byte of frame) {
      yield Uint8Array.of(byte);
      await pause(clock, 1_000);
    }
  }
  await stream.sink(drops());
};

describe('retrieving a witness payload', () => {
  it('gives every byte once, whatever the size', async () => {
    for (const size of [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, payload.length]) {
      const each = payloadOf(size, 3);
      const { isComplete, bytes, written } = await retrieve(await WitnessPeers.start([holderOf([each])]), each);
      assert(isComplete && Buffer.from(bytes).equals(each), `${size} bytes`);
      assert.equal(new Set(written).size, written.length);
    }
  });

  it('asks for what is missing alone', async () => {
    const peers = await WitnessPeers.start([honest]);
    const { isComplete, written } = await retrieve(peers, payload, { has: (index) => index !== 7 && index !== 24 });
    assert(isComplete);
    assert.deepEqual(
      written.toSorted((a, b) => a - b),
      [7, 24],
    );
  });

  it('takes chunks from several sources at once', async () => {
    const asked = [0, 0];
    const counting = (at: number): HolderMaker =>
      liar((request) => {
        asked[at] = (asked[at] ?? 0) + 1;
        return [honestAnswer(request)];
      });
    const { isComplete } = await retrieve(await WitnessPeers.start([counting(0), counting(1)]));
    assert(isComplete);
    assert(
      asked.every((count) => count >= CHUNKS_IN_FLIGHT_MAX),
      asked.join(' and '),
    );
  });

  it('never asks more than SOURCES_PER_PAYLOAD_MAX sources at once', async () => {
    let asked = 0;
    const silent: HolderMaker = liar((request) => {
      if (request.kind === 'chunk-list') return [honestAnswer(request)];
      asked++;
      return new Promise(() => undefined);
    });
    const peers = await WitnessPeers.start(Array.from({ length: SOURCES_PER_PAYLOAD_MAX + 1 }, () => silent));
    const controller = new AbortController();
    const retrieving = retrieve(peers, payload, { signal: controller.signal });
    await peers.clock.advance(ANSWER_TIMEOUT_MS - 1);
    assert.equal(asked, SOURCES_PER_PAYLOAD_MAX);
    controller.abort(new Error('enough'));
    await assert.rejects(retrieving, { message: 'enough' });
  });

  for (const [what, spoil, code] of [
    ['wrong bytes', flipLast, 'ERR_WITNESS_DIGEST'],
    ['a byte too few', (chunk: Uint8Array) => chunk.subarray(1), 'ERR_WITNESS_LENGTH'],
  ] as const) {
    it(`knows a chunk with ${what} at once, blames its source and takes the rest from another`, async () => {
      const bad = spoiling((chunk, index) => (index === 0 ? spoil(chunk) : chunk));
      const peers = await WitnessPeers.start([bad, honest]);
      const { isComplete, bytes, lost } = await retrieve(peers);
      assert(isComplete && Buffer.from(bytes).equals(payload));
      assert.deepEqual(lost, [{ source: peers.holders[0], code }]);
    });
  }

  it('refuses a byte too many', async () => {
    const small = payloadOf(100);
    const bad = liar(() => [encodeWitnessAnswer({ status: 'found', body: payloadOf(101) })]);
    const peers = await WitnessPeers.start([bad, holderOf([small])]);
    const { isComplete, lost } = await retrieve(peers, small);
    assert(isComplete);
    assert.deepEqual(lost, [{ source: peers.holders[0], code: 'ERR_WITNESS_LENGTH' }]);
  });

  it('blames who sends a longer frame than any answer, or an answer to nothing', async () => {
    const tooLong = liar(() => [new Uint8Array(WITNESS_ANSWER_BYTES_MAX + 1)]);
    const junk = liar(() => [new Uint8Array(9).fill(9)]);
    const twice = liar((request) => [honestAnswer(request), honestAnswer(request)]);
    for (const [bad, code] of [
      [tooLong, 'ERR_PEER_MISBEHAVED'],
      [junk, 'ERR_PEER_MISBEHAVED'],
      // Its second chunk list is taken for the first chunk.
      [twice, 'ERR_WITNESS_LENGTH'],
    ] as const) {
      const peers = await WitnessPeers.start([bad, honest]);
      const { isComplete, lost } = await retrieve(peers);
      assert(isComplete);
      assert.deepEqual(lost, [{ source: peers.holders[0], code }]);
    }
  });

  it('blames who has another chunk list than the digest says, and asks the next for it', async () => {
    const otherList = liar(() => [
      encodeWitnessAnswer({ status: 'found', body: encodeChunkList(chunkListOf(payloadOf(payload.length, 1))) }),
    ]);
    const peers = await WitnessPeers.start([otherList, honest]);
    const { isComplete, lost } = await retrieve(peers);
    assert(isComplete);
    assert.deepEqual(lost, [{ source: peers.holders[0], code: 'ERR_WITNESS_LIST' }]);
  });

  it('goes on without a source that answers nothing, within the time an answer may take', async () => {
    const peers = await WitnessPeers.start([mute, honest]);
    const { isComplete, lost } = await retrieve(peers);
    assert(isComplete);
    assert.deepEqual(lost, [{ source: peers.holders[0], code: 'ERR_WITNESS_TOO_SLOW' }]);
    assert(peers.clock.monotonicMs() < ANSWER_TIMEOUT_MS + 1_000);
  });

  it('overtakes a source that has stopped, without waiting for its time to run out', async () => {
    let answered = 0;
    const stopping = liar((request) =>
      answered++ < 3 ? [honestAnswer(request)] : new Promise<Uint8Array[]>(() => undefined),
    );
    const peers = await WitnessPeers.start([stopping, honest]);
    const { isComplete, lost } = await retrieve(peers);
    assert(isComplete);
    assert.deepEqual(lost, []);
    assert(peers.clock.monotonicMs() <= 2 * OVERTAKE_MS);
  });

  it('takes a source that drips its bytes for one that has stopped', async () => {
    const peers = await WitnessPeers.start([dripping, honest]);
    const { isComplete, lost } = await retrieve(peers);
    assert(isComplete);
    assert.deepEqual(lost, [{ source: peers.holders[0], code: 'ERR_WITNESS_TOO_SLOW' }]);
    assert(peers.clock.monotonicMs() < ANSWER_TIMEOUT_MS + 1_000);
  });

  it('ends the stream of a source that answers for ever', async () => {
    let answers = 0;
    function* forEver(request: WitnessRequest): Generator<Uint8Array> {
      for (; answers < 1_000_000; answers++) yield honestAnswer(request);
    }
    const peers = await WitnessPeers.start([liar((request) => forEver(request)), honest]);
    const { isComplete, bytes, lost } = await retrieve(peers);
    assert(isComplete && Buffer.from(bytes).equals(payload));
    assert.deepEqual(
      lost.map(({ source }) => source),
      [peers.holders[0]],
    );
    const answersThen = answers;
    await peers.clock.advance(60_000);
    assert.equal(answers, answersThen, 'nobody reads on');
  });

  it('fails, with nothing written, when the announced size lies, by a byte or by a chunk', async () => {
    for (const whole of [payload, payloadOf(14_000)]) {
      for (const payloadBytes of [whole.length - 1, whole.length + 1, whole.length + CHUNK_BYTES]) {
        const peers = await WitnessPeers.start([holderOf([whole])]);
        const isComplete = await peers.during(
          retrieveWitness({
            client: peers.client,
            clock: peers.clock,
            buffers: new ChunkBuffers(),
            wanted: { ...wantedOf(whole), payloadBytes },
            sources: peers.holders,
            begin: async () => () => false,
            onChunk: () => assert.fail('nothing is written'),
            onSourceLost: () => undefined,
            signal: NEVER,
          }),
        );
        assert.equal(isComplete, false, `${payloadBytes} for ${whole.length}`);
      }
    }
  });

  it('of one chunk asks the next source when the nearest is silent', async () => {
    const small = payloadOf(14_000);
    const peers = await WitnessPeers.start([mute, holderOf([small])]);
    const { isComplete } = await retrieve(peers, small);
    assert(isComplete);
    assert(peers.clock.monotonicMs() <= 2 * OVERTAKE_MS);
  });

  it('fails when nobody has it, naming each source', async () => {
    const peers = await WitnessPeers.start([holderOf([]), holderOf([])]);
    const { isComplete, lost } = await retrieve(peers);
    assert(!isComplete);
    assert.deepEqual(
      lost.map(({ code }) => code),
      ['ERR_WITNESS_NOT_FOUND', 'ERR_WITNESS_NOT_FOUND'],
    );
  });

  it('fails when the disk does, with the error of the disk', async () => {
    const peers = await WitnessPeers.start([honest]);
    const retrieving = retrieveWitness({
      client: peers.client,
      clock: peers.clock,
      buffers: new ChunkBuffers(),
      wanted: wantedOf(payload),
      sources: peers.holders,
      begin: async () => () => false,
      onChunk: () => Promise.reject(new Error('disk full')),
      onSourceLost: () => assert.fail('no source is to blame'),
      signal: NEVER,
    });
    await assert.rejects(peers.during(retrieving), { message: 'disk full' });
  });

  it('ends with the reason of its signal, whenever it comes', async () => {
    for (let afterMessages = 0; afterMessages < 28; afterMessages += 3) {
      const controller = new AbortController();
      let messages = 0;
      const counting = liar((request) => {
        if (messages++ === afterMessages) controller.abort(new Error('enough'));
        return [honestAnswer(request)];
      });
      const peers = await WitnessPeers.start([counting]);
      const outcome = await retrieve(peers, payload, { signal: controller.signal }).catch((error: unknown) => error);
      if (messages > afterMessages && outcome instanceof Error) assert.equal(outcome.message, 'enough');
      else assert('isComplete' in Object(outcome));
    }
  });

  it('loses a connection and says so', async () => {
    let answers = 0;
    const cutting = liar((request) => {
      const [holder] = peers.holders;
      if (answers++ === 10 && holder !== undefined) peers.hub.cut(peers.self, holder);
      return [honestAnswer(request)];
    });
    const peers = await WitnessPeers.start([cutting]);
    const { isComplete, lost, written } = await retrieve(peers);
    assert(!isComplete && written.length > 0 && written.length < 25);
    assert.deepEqual(
      lost.map(({ code }) => code),
      ['ERR_STREAM_FAILED'],
    );
  });

  it('never shows a byte of one chunk in another, and has all buffers back, wherever it is cancelled and however writes end', async () => {
    const chunks = 12;
    const whole = payloadOf(chunks * CHUNK_BYTES - 5, 9);
    const writeMs = fc.array(fc.nat(40), { minLength: chunks, maxLength: chunks });
    const cases = fc.record({ writeMs, cancelAtMs: fc.nat(60), sources: fc.integer({ min: 1, max: 3 }) });
    const property = fc.asyncProperty(cases, async ({ writeMs: delays, cancelAtMs, sources }) => {
      const peers = await WitnessPeers.start(Array.from({ length: sources }, () => holderOf([whole])));
      const buffers = new CountedBuffers();
      const controller = new AbortController();
      peers.clock.schedule(cancelAtMs, () => controller.abort(new Error('enough')));
      const inUse = new Set<ArrayBufferLike>();
      const retrieving = retrieveWitness({
        client: peers.client,
        clock: peers.clock,
        buffers,
        wanted: wantedOf(whole),
        sources: peers.holders,
        begin: async () => () => false,
        onChunk: async (index, bytes) => {
          assert(!inUse.has(bytes.buffer), 'a buffer is lent to one at a time');
          inUse.add(bytes.buffer);
          await pause(peers.clock, delays[index] ?? 0);
          const expected = whole.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
          assert(Buffer.from(bytes).equals(expected), `chunk ${index} is still what it was`);
          inUse.delete(bytes.buffer);
        },
        onSourceLost: () => undefined,
        signal: controller.signal,
      });
      const outcome = await peers.during(retrieving).catch((error: unknown) => error);
      assert(outcome === true || (outcome instanceof Error && outcome.message === 'enough'), String(outcome));
      assert(buffers.takenCount > 0 || outcome instanceof Error);
      assert.equal(buffers.outCount, 0);
    });
    await holdsAsync(property);
  }).timeout(60_000);

  it('that is given up in the middle of a chunk writes no more of it', async () => {
    const [controller, buffers] = [new AbortController(), new CountedBuffers()];
    const halves: HolderMaker = (clock) => async (_peer, stream) => {
      const list = frameWitnessAnswer({ status: 'found', body: encodeChunkList(chunkListOf(payload)) });
      const [front, body] = frameWitnessAnswer({ status: 'found', body: payload.slice(0, CHUNK_BYTES) });
      async function* parts(): AsyncGenerator<Uint8Array> {
        yield* list;
        yield* [front, body.subarray(0, 1_000)];
        await pause(clock, 10);
        controller.abort(new Error('enough'));
        yield body.subarray(1_000);
      }
      await stream.sink(parts());
    };
    const peers = await WitnessPeers.start([halves]);
    const retrieving = retrieveWitness({
      client: peers.client,
      clock: peers.clock,
      buffers,
      wanted: wantedOf(payload),
      sources: peers.holders,
      begin: async () => () => false,
      onChunk: () => assert.fail('no chunk is whole'),
      onSourceLost: () => undefined,
      signal: controller.signal,
    });
    await assert.rejects(peers.during(retrieving), { message: 'enough' });
    assert.deepEqual([buffers.takenCount, buffers.outCount], [1, 0]);
    const buffer = buffers.take();
    assert(Buffer.from(payload.subarray(0, 1_000)).equals(buffer.subarray(0, 1_000)), 'it is the buffer that was used');
    buffer.fill(0);
    await peers.clock.advance(1_000);
    assert(buffer.every((byte) => byte === 0));
  });
});
