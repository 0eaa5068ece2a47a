import assert from 'node:assert/strict';
import { blake3Hash } from '../../../crdt/hash.ts';
import type { NodeId } from '../../../crdt/ids.ts';
import { MemoryHub } from '../../../net/memory/hub.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import type { Network, StreamHandler } from '../../../net/network.ts';
import { STREAM_STALL_MS_MAX } from '../../../net/framing/stall-limit.ts';
import { encodeWitnessAnswer, encodeWitnessRequest, WITNESS_PROTOCOL } from '../../../net/witness/messages.ts';
import { witnessHandler, WITNESS_SERVES_MAX, type WitnessSource } from '../../../net/witness/serve.ts';
import { fetchWitness, type WantedWitness, type WitnessTransferCode } from '../../../net/witness/transfer.ts';
import { ManualClock } from '../../chain/manual-clock.ts';
import { nodeOf } from '../../crdt/block/arbitraries.ts';
import { readAll } from '../stream-pair.ts';

const [fetcher, holder] = [nodeOf(1), nodeOf(2)];
const NEVER = new AbortController().signal;
/** More than the stream holds, and no multiple of a piece. */
const payload = Uint8Array.from({ length: 1_000_003 }, (_, at) => at % 251);
const wanted: WantedWitness = { payloadDigest: blake3Hash(payload), payloadBytes: payload.length };

/** Timers fire at once, in order. */
const immediateClock = {
  wallMs: () => 0,
  monotonicMs: () => 0,
  schedule(_delayMs: number, fire: () => void): () => void {
    const timer = setImmediate(fire);
    return () => clearImmediate(timer);
  },
};

/** The network of a node that is connected to `holder`, who serves witnesses with `handler`. */
async function connectedTo(handler: StreamHandler): Promise<Network> {
  const hub = new MemoryHub({ clock: immediateClock, random: () => 0 });
  const join = (self: NodeId): Network => hub.join(new MemberList(self, [fetcher, holder]));
  const [near, far] = [join(fetcher), join(holder)];
  far.serve(WITNESS_PROTOCOL, handler);
  await Promise.all([near.start(), far.start()]);
  return near;
}

function sourceOf(...payloads: readonly Uint8Array[]): WitnessSource {
  return (digest) => Promise.resolve(payloads.find((each) => blake3Hash(each) === digest));
}

/** Serves `chunks` to whoever asks, after an answer that offers `offered` bytes. Tells when it was interrupted. */
function liar(
  offered: number,
  chunks: () => Iterable<Uint8Array>,
): { handler: StreamHandler; interrupted: Promise<void> } {
  const interrupted = Promise.withResolvers<void>();
  function* answer(): Generator<Uint8Array> {
    yield encodeWitnessAnswer({ status: 'found', payloadBytes: offered });
    yield* chunks();
  }
  const handler: StreamHandler = async (_peer, stream) => {
    await readAll(stream.source);
    await stream.sink(answer()).catch(() => interrupted.resolve());
  };
  return { handler, interrupted: interrupted.promise };
}

function* endless(): Generator<Uint8Array> {
  for (;;) yield new Uint8Array(65_536);
}

async function failsWith(
  handler: StreamHandler,
  code: WitnessTransferCode | 'ERR_PEER_MISBEHAVED' | 'ERR_STREAM_FAILED',
): Promise<void> {
  await assert.rejects(fetchWitness(await connectedTo(handler), holder, wanted, NEVER), (error) => {
    assert.ok(error instanceof Error && 'code' in error);
    assert.equal(error.code, code);
    if (code.startsWith('ERR_WITNESS')) assert.ok('peer' in error && error.peer === holder);
    return true;
  });
}

describe('fetching a witness payload', () => {
  it('gives the payload that was announced, whatever its size', async () => {
    for (const each of [payload, new Uint8Array(0), new Uint8Array([7])]) {
      const network = await connectedTo(witnessHandler(sourceOf(payload, each), new ManualClock()));
      const announced = { payloadDigest: blake3Hash(each), payloadBytes: each.length };
      const fetched = await fetchWitness(network, holder, announced, NEVER);
      assert.ok(Buffer.from(fetched).equals(each));
    }
  });

  it('fails when the peer does not have it', () =>
    failsWith(witnessHandler(sourceOf(), new ManualClock()), 'ERR_WITNESS_NOT_FOUND'));

  it('refuses another size than was announced before the first byte', async () => {
    for (const offered of [payload.length - 1, payload.length + 1]) {
      await failsWith(liar(offered, () => [payload]).handler, 'ERR_WITNESS_SIZE');
    }
  });

  it('refuses the right number of wrong bytes', () =>
    failsWith(liar(payload.length, () => [payload.toReversed()]).handler, 'ERR_WITNESS_DIGEST'));

  it('refuses one byte too few', () =>
    failsWith(liar(payload.length, () => [payload.subarray(1)]).handler, 'ERR_WITNESS_TOO_SHORT'));

  it('refuses one byte too many', () =>
    failsWith(liar(payload.length, () => [payload, new Uint8Array(1)]).handler, 'ERR_WITNESS_TOO_LONG'));

  it('stops a peer that never ends', async () => {
    const { handler, interrupted } = liar(payload.length, endless);
    await failsWith(handler, 'ERR_WITNESS_TOO_LONG');
    await interrupted;
  });

  it('blames a peer whose answer does not decode', () =>
    failsWith(async (_peer, stream) => stream.sink([new Uint8Array(6).fill(9)]), 'ERR_PEER_MISBEHAVED'));

  it('blames nobody for a stream that ends before the answer does, or breaks', async () => {
    await failsWith(async (_peer, stream) => stream.sink([new Uint8Array([1])]), 'ERR_STREAM_FAILED');
    await failsWith(() => Promise.reject(new Error('broken')), 'ERR_STREAM_FAILED');
  });

  it('ends with the reason of its signal, and interrupts the peer', async () => {
    const { handler, interrupted } = liar(payload.length, function* () {
      controller.abort(reason);
      yield* endless();
    });
    const controller = new AbortController();
    const reason = new Error('enough');
    await assert.rejects(fetchWitness(await connectedTo(handler), holder, wanted, controller.signal), reason);
    await interrupted;
  });
});

describe('serving witness payloads', () => {
  it('serves WITNESS_SERVES_MAX requests at once, and tells the next one that it is busy', async () => {
    const gate = Promise.withResolvers<Uint8Array>();
    const allAsked = Promise.withResolvers<void>();
    let asked = 0;
    const handler = witnessHandler(() => {
      if (++asked === WITNESS_SERVES_MAX) allAsked.resolve();
      return gate.promise;
    }, new ManualClock());
    const network = await connectedTo(handler);
    const fetches = Array.from({ length: WITNESS_SERVES_MAX }, () => fetchWitness(network, holder, wanted, NEVER));
    await allAsked.promise;
    await assert.rejects(fetchWitness(network, holder, wanted, NEVER), { code: 'ERR_WITNESS_BUSY' });
    gate.resolve(payload);
    assert.equal((await Promise.all(fetches)).length, WITNESS_SERVES_MAX);
    assert.equal((await fetchWitness(network, holder, wanted, NEVER)).length, payload.length);
  });

  it('frees the place of a transfer that failed', async () => {
    let fail = true;
    const network = await connectedTo(
      witnessHandler(
        () => (fail ? Promise.reject(new Error('unreadable')) : Promise.resolve(payload)),
        new ManualClock(),
      ),
    );
    for (let at = 0; at <= WITNESS_SERVES_MAX; at++) {
      await assert.rejects(fetchWitness(network, holder, wanted, NEVER), { code: 'ERR_STREAM_FAILED' });
    }
    fail = false;
    assert.equal((await fetchWitness(network, holder, wanted, NEVER)).length, payload.length);
  });

  it('gives up a peer that stops reading', async () => {
    const clock = new ManualClock();
    const network = await connectedTo(witnessHandler(sourceOf(payload), clock));
    const stream = await network.open(holder, WITNESS_PROTOCOL, NEVER);
    await stream.sink([encodeWitnessRequest(wanted.payloadDigest)]);
    const chunks = stream.source[Symbol.asyncIterator]();
    assert.equal((await chunks.next()).done, false);
    await clock.fire((delayMs) => delayMs === STREAM_STALL_MS_MAX);
    await assert.rejects(readAll({ [Symbol.asyncIterator]: () => chunks }), { code: 'ERR_STREAM_FAILED' });
  });

  it('blames a peer for what is no request, or more than one', async () => {
    const request = encodeWitnessRequest(wanted.payloadDigest);
    for (const bytes of [new Uint8Array(33), new Uint8Array([...request, 0])]) {
      const outcome = Promise.withResolvers<unknown>();
      const handler = witnessHandler(sourceOf(payload), new ManualClock());
      const network = await connectedTo((peer, stream) => handler(peer, stream).then(outcome.resolve, outcome.reject));
      const stream = await network.open(holder, WITNESS_PROTOCOL, NEVER);
      await Promise.all([stream.sink([bytes]), assert.rejects(outcome.promise, { code: 'ERR_PEER_MISBEHAVED' })]);
    }
  });
});
