import assert from 'node:assert/strict';
import { CHUNK_BYTES } from '../../../crdt/block/payload-digest.ts';
import { encodeFrames } from '../../../net/framing/frames.ts';
import { STREAM_STALL_MS_MAX } from '../../../net/framing/stall-limit.ts';
import type { ByteStream, StreamHandler } from '../../../net/network.ts';
import { CHANNEL_IDLE_MS, WitnessClient } from '../../../net/witness/client.ts';
import { STREAM_PIECE_BYTES } from '../../../net/stream/pump.ts';
import { WITNESS_READ_AHEAD, WITNESS_READ_AHEAD_BYTES } from '../../../net/witness/limits.ts';
import { encodeWitnessRequest, WITNESS_PROTOCOL } from '../../../net/witness/messages.ts';
import { WitnessServer, type WitnessSource } from '../../../net/witness/serve.ts';
import { nodeOf } from '../../crdt/block/arbitraries.ts';
import { readAll } from '../stream-pair.ts';
import {
  holderOf,
  NO_CONTRACTS,
  payloadOf,
  SERVE_LIMITS,
  sourceOf,
  wantedOf,
  WitnessPeers,
  type HolderMaker,
} from './peers.ts';

const payload = payloadOf(8 * CHUNK_BYTES);
const { payloadDigest } = wantedOf(payload);
const NEVER = new AbortController().signal;
const request = { kind: 'chunk', payloadDigest, index: 0 } as const;

async function open(peers: WitnessPeers): Promise<ByteStream> {
  const [network] = peers.networks;
  const [holder] = peers.holders;
  assert(network !== undefined && holder !== undefined);
  return peers.during(network.open(holder, WITNESS_PROTOCOL, NEVER));
}

async function* framesOf(...frames: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* encodeFrames(
    (async function* () {
      yield* frames;
    })(),
  );
}

/** A source that reads nothing until it is let go, and counts what it was asked. */
function heldBack(answerBytes = CHUNK_BYTES): { source: WitnessSource; asked: () => number; letGo: () => void } {
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const give = async (): Promise<Uint8Array> => {
    asked++;
    await gate.promise;
    return payload.subarray(0, answerBytes);
  };
  return {
    source: { chunkList: give, chunk: () => ({ sizeBytes: answerBytes, read: give }), prove: give, describe: give },
    asked: () => asked,
    letGo: () => gate.resolve(),
  };
}

function serverOf(source: WitnessSource): HolderMaker {
  return (clock) =>
    new WitnessServer({ source, contracts: NO_CONTRACTS, clock, limits: SERVE_LIMITS, regionOf: () => '' }).handler;
}

const serveNothing: StreamHandler = () => Promise.resolve();

describe('serving witness payloads', () => {
  it('serves streamsPerPeer streams of a peer, and tells the next one that it is busy', async () => {
    const { source, letGo } = heldBack();
    const limits = { ...SERVE_LIMITS, streamsPerPeer: 2 };
    const peers = await WitnessPeers.start([
      (clock) => new WitnessServer({ source, contracts: NO_CONTRACTS, clock, limits, regionOf: () => '' }).handler,
    ]);
    const kept = await open(peers);
    await open(peers);
    const beyond = await open(peers);
    await peers.clock.settle();
    await peers.during(beyond.sink(framesOf(encodeWitnessRequest(request))));
    assert.deepEqual([...(await peers.during(readAll(beyond.source)))], [2, 2, 2]);
    letGo();
    await peers.during(kept.sink(framesOf(encodeWitnessRequest(request))));
    assert.equal((await peers.during(readAll(kept.source))).length, CHUNK_BYTES + 5);
    const after = await open(peers);
    await peers.during(after.sink(framesOf(encodeWitnessRequest(request))));
    assert.equal((await peers.during(readAll(after.source))).length, CHUNK_BYTES + 5, 'the place is free again');
  });

  it('serves streamsTotal streams of all peers together', async () => {
    const limits = { ...SERVE_LIMITS, streamsTotal: 1 };
    const peers = await WitnessPeers.start([holderOf([payload], limits)]);
    await open(peers);
    await peers.clock.settle();
    const beyond = await open(peers);
    await peers.during(beyond.sink(framesOf()));
    assert.deepEqual([...(await peers.during(readAll(beyond.source)))], [2, 2, 2]);
  });

  for (const [answerBytes, limit] of [
    [100, WITNESS_READ_AHEAD],
    [WITNESS_READ_AHEAD_BYTES / 8, 8],
    [WITNESS_READ_AHEAD_BYTES / 8 + 1, 7],
  ] as const) {
    it(`reads ${limit} answers of ${answerBytes} bytes ahead of a thousand requests, and no more`, async () => {
      const { source, asked, letGo } = heldBack(answerBytes);
      const peers = await WitnessPeers.start([serverOf(source)]);
      const stream = await open(peers);
      const bytes = encodeWitnessRequest(request);
      const sent = stream.sink(framesOf(...Array.from({ length: 1_000 }, () => bytes)));
      await peers.clock.advance(100);
      // One is being sent, the queue is full, and one more waits to enter it.
      assert.equal(asked(), limit + 2);
      letGo();
      const [answers] = await peers.during(Promise.all([readAll(stream.source), sent]));
      const lengthBytes = answerBytes + 2 < 0x80 ? 1 : 3;
      assert.equal(answers.length, 1_000 * (lengthBytes + 2 + answerBytes));
    });
  }

  it('sends answers that are ready at the same moment in full pieces, and what is left at once', async () => {
    const answerBytes = 10_000;
    const count = 7;
    const { source, letGo } = heldBack(answerBytes);
    const peers = await WitnessPeers.start([serverOf(source)]);
    const stream = await open(peers);
    const sent = stream.sink(framesOf(...Array.from({ length: count }, () => encodeWitnessRequest(request))));
    await peers.clock.advance(100);
    letGo();
    const pieces: number[] = [];
    const receive = async (): Promise<void> => {
      for await (const piece of stream.source) pieces.push(piece.length);
    };
    await peers.during(Promise.all([receive(), sent]));
    // A frame's length of 2 bytes or 3, a version and a status stand before each.
    assert.deepEqual(pieces, [STREAM_PIECE_BYTES, count * (answerBytes + 4) - STREAM_PIECE_BYTES]);
  });

  it('gives a peer and a region no more bytes a second than their buckets hold', async () => {
    for (const limit of ['bytesPerSecondPerPeer', 'bytesPerSecondPerRegion'] as const) {
      const limits = { ...SERVE_LIMITS, [limit]: CHUNK_BYTES };
      const peers = await WitnessPeers.start([holderOf([payload], limits)]);
      const [holder] = peers.holders;
      assert(holder !== undefined);
      const asks = Array.from({ length: 8 }, (_, index) =>
        peers.client.ask(holder, { kind: 'chunk', payloadDigest, index }, NEVER),
      );
      await peers.during(Promise.all(asks));
      const elapsedMs = peers.clock.monotonicMs();
      assert(elapsedMs >= 7_000 && elapsedMs < 7_100, `${limit}: 8 chunks took ${elapsedMs} ms`);
    }
  });

  it('gives out right bytes while it uses its buffers again, on several streams at once', async () => {
    const inPlace: WitnessSource = {
      ...sourceOf(payload),
      chunk: (_digest, index) => ({
        sizeBytes: CHUNK_BYTES,
        read: async (into) => {
          into?.set(payload.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES));
          return into;
        },
      }),
    };
    const peers = await WitnessPeers.start([serverOf(inPlace)]);
    const [holder] = peers.holders;
    assert(holder !== undefined);
    const ask = async (at: number): Promise<void> => {
      const bytes = await peers.client.ask(holder, { ...request, index: at % 8 }, NEVER);
      assert.deepEqual(bytes, payload.slice((at % 8) * CHUNK_BYTES, ((at % 8) + 1) * CHUNK_BYTES), `chunk ${at % 8}`);
    };
    await peers.during(Promise.all(Array.from({ length: 60 }, (_, at) => ask(at))));
  });

  it('slows a peer that floods it with requests, and serves the others as if there were none', async () => {
    const limits = { ...SERVE_LIMITS, bytesPerSecondPerPeer: CHUNK_BYTES };
    const peers = await WitnessPeers.start([holderOf([payload], limits), () => serveNothing]);
    const [, holderNetwork, otherNetwork] = peers.networks;
    const [holder] = peers.holders;
    assert(holderNetwork !== undefined && otherNetwork !== undefined && holder !== undefined);
    const other = new WitnessClient({ network: otherNetwork, clock: peers.clock, streamsPerPeer: 2 });
    let flooded = 0;
    // On every stream it may have, and a thousand requests on each.
    const bytes = encodeWitnessRequest(request);
    for (let at = 0; at < limits.streamsPerPeer; at++) {
      const stream = await open(peers);
      void stream.sink(framesOf(...Array.from({ length: 1_000 }, () => bytes))).catch(() => undefined);
      void (async () => {
        for await (const chunk of stream.source) flooded += chunk.length;
      })().catch(() => undefined);
    }
    await peers.clock.advance(10_000);
    let served = 0;
    const politely = async (): Promise<void> => {
      for (let index = 0; index < 8; index++) {
        await other.ask(holder, { ...request, index }, NEVER);
        served++;
      }
    };
    const polite = politely();
    await peers.clock.advance(8_000);
    await polite;
    assert.equal(served, 8, 'the other peer gets its chunk a second');
    const chunks = flooded / CHUNK_BYTES;
    assert(chunks > 10 && chunks <= 20, `the flood of 4,000 got ${chunks} chunks in 18 s`);
  });

  it('gives up a peer that stops reading', async () => {
    const peers = await WitnessPeers.start([holderOf([payloadOf(40 * CHUNK_BYTES)])]);
    const wanted = wantedOf(payloadOf(40 * CHUNK_BYTES));
    const stream = await open(peers);
    const requests = Array.from({ length: 40 }, (_, index) =>
      encodeWitnessRequest({ kind: 'chunk', payloadDigest: wanted.payloadDigest, index }),
    );
    void stream.sink(framesOf(...requests)).catch(() => undefined);
    await peers.clock.advance(STREAM_STALL_MS_MAX + 1_000);
    await assert.rejects(peers.during(readAll(stream.source)), { code: 'ERR_STREAM_FAILED' });
  });

  it('resets the stream of a peer that sends what is no request', async () => {
    for (const bytes of [new Uint8Array(33), new Uint8Array(300)]) {
      const peers = await WitnessPeers.start([holderOf([payload])]);
      const stream = await open(peers);
      void stream.sink(framesOf(bytes)).catch(() => undefined);
      await assert.rejects(peers.during(readAll(stream.source)), { code: 'ERR_STREAM_FAILED' });
    }
  });
});

describe('asking for witness payloads', () => {
  it('says what the holder answers', async () => {
    const peers = await WitnessPeers.start([holderOf([]), holderOf([payload], { ...SERVE_LIMITS, streamsTotal: 0 })]);
    const [without, busy] = peers.holders;
    assert(without !== undefined && busy !== undefined);
    await assert.rejects(peers.during(peers.client.ask(without, request, NEVER)), { code: 'ERR_WITNESS_NOT_FOUND' });
    await assert.rejects(peers.during(peers.client.ask(busy, request, NEVER)), { code: 'ERR_WITNESS_BUSY' });
  });

  it('keeps a stream for the next request, and closes it when it is idle', async () => {
    let opened = 0;
    const peers = await WitnessPeers.start([
      (clock) => {
        const handler = holderOf([payload])(clock);
        return (peer, stream) => {
          opened++;
          return handler(peer, stream);
        };
      },
    ]);
    const [holder] = peers.holders;
    assert(holder !== undefined);
    for (let at = 0; at < 3; at++) await peers.during(peers.client.ask(holder, request, NEVER));
    assert.equal(opened, 1);
    await peers.clock.advance(CHANNEL_IDLE_MS + 1);
    await peers.during(peers.client.ask(holder, request, NEVER));
    assert.equal(opened, 2);
    peers.client.stop();
    await peers.clock.advance(100);
    assert.equal(peers.clock.timers, 0, 'nothing is left behind');
  });

  it('leaves no timer behind for a peer that it cannot reach', async () => {
    const peers = await WitnessPeers.start([holderOf([payload])]);
    await peers.clock.settle();
    const before = peers.clock.timers;
    await assert.rejects(peers.during(peers.client.ask(nodeOf(9), request, NEVER)));
    assert.equal(peers.clock.timers, before);
  });

  it('gives up a request without harm to the others', async () => {
    const { source, letGo } = heldBack();
    const peers = await WitnessPeers.start([serverOf(source)]);
    const [holder] = peers.holders;
    assert(holder !== undefined);
    const controller = new AbortController();
    const first = peers.client.ask(holder, request, controller.signal);
    const second = peers.client.ask(holder, { ...request, index: 1 }, NEVER);
    await peers.clock.advance(100);
    controller.abort(new Error('enough'));
    await assert.rejects(peers.during(first), { message: 'enough' });
    letGo();
    assert.equal((await peers.during(second)).length, CHUNK_BYTES);
  });
});
