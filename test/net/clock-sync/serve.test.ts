import assert from 'node:assert/strict';
import type { NodeId } from '../../../crdt/ids.ts';
import type { Exchange } from '../../../net/clock-sync/exchange.ts';
import { measureClock } from '../../../net/clock-sync/measure.ts';
import { CLOCK_ANSWER_BYTES, CLOCK_PROTOCOL, encodeClockAnswer } from '../../../net/clock-sync/messages.ts';
import {
  CLOCK_EXCHANGES_MAX,
  CLOCK_STREAMS_PER_WINDOW_MAX,
  CLOCK_WINDOW_MS,
  clockHandler,
} from '../../../net/clock-sync/serve.ts';
import { PeerMisbehaved } from '../../../net/framing/peer-misbehaved.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import { MemoryHub } from '../../../net/memory/hub.ts';
import type { Network, StreamHandler } from '../../../net/network.ts';
import { nodeOf } from '../../crdt/block/arbitraries.ts';
import { seededRandom } from '../../../src/sim/seeded-random.ts';
import { VirtualClock } from '../../../src/sim/virtual-clock.ts';
import { readAll } from '../stream-pair.ts';

const [asker, other, server] = [nodeOf(1), nodeOf(2), nodeOf(3)];
const NEVER = new AbortController().signal;
const ANSWER = { run: 7, sentMs: 2_000, wallMs: 1_700_000_000_000, steadyForMs: 1_000 };

interface Served {
  readonly time: VirtualClock;
  readonly networkOf: (node: NodeId) => Network;
  /** What the handler threw, stream by stream. */
  readonly failures: unknown[];
}

async function serving(handler: (clock: VirtualClock) => StreamHandler): Promise<Served> {
  const time = new VirtualClock();
  const hub = new MemoryHub({ clock: time, random: seededRandom(1) });
  const members = [asker, other, server];
  const networks = new Map(members.map((node) => [node, hub.join(new MemberList(node, members))]));
  const networkOf = (node: NodeId): Network => {
    const network = networks.get(node);
    assert(network !== undefined);
    return network;
  };
  const failures: unknown[] = [];
  const handle = handler(time);
  networkOf(server).serve(CLOCK_PROTOCOL, async (peer, stream) => {
    try {
      await handle(peer, stream);
    } catch (error) {
      failures.push(error);
      throw error;
    }
  });
  for (const network of networks.values()) await network.start();
  return { time, networkOf, failures };
}

const answering = (clock: VirtualClock): StreamHandler =>
  clockHandler({ clock, receivedMs: () => 1_000, answer: () => ANSWER });

/** Runs `work` while virtual time goes on. */
async function settled<T>(time: VirtualClock, work: Promise<T>): Promise<PromiseSettledResult<T>> {
  let isSettled = false;
  const result = Promise.allSettled([work]).finally(() => (isSettled = true));
  await time.advanceUntil(() => isSettled, 1_000);
  const [first] = await result;
  return first;
}

/** Sends `requests` on one stream, all at once; resolves to the bytes of the answers. */
async function ask({ time, networkOf }: Served, from: NodeId, requests: Uint8Array): Promise<number | undefined> {
  const conversation = async (): Promise<number> => {
    const stream = await networkOf(from).open(server, CLOCK_PROTOCOL, NEVER);
    await stream.sink([requests]);
    return (await readAll(stream.source)).length;
  };
  const result = await settled(time, conversation());
  return result.status === 'fulfilled' ? result.value : undefined;
}

describe('the server of the clock protocol', () => {
  it('answers CLOCK_EXCHANGES_MAX requests on a stream, and ends it at one more', async () => {
    const served = await serving(answering);
    const most = new Uint8Array(CLOCK_EXCHANGES_MAX).fill(1);
    assert.equal(await ask(served, asker, most), CLOCK_EXCHANGES_MAX * CLOCK_ANSWER_BYTES);
    assert.equal(await ask(served, asker, new Uint8Array(CLOCK_EXCHANGES_MAX + 1).fill(1)), undefined);
    assert(served.failures[0] instanceof PeerMisbehaved);
  });

  it('takes CLOCK_STREAMS_PER_WINDOW_MAX streams of a peer in a window and not one more; others are not concerned', async () => {
    const served = await serving(answering);
    const request = Uint8Array.of(1);
    for (let at = 0; at < CLOCK_STREAMS_PER_WINDOW_MAX; at++) {
      assert.equal(await ask(served, asker, request), CLOCK_ANSWER_BYTES);
    }
    assert.equal(await ask(served, asker, request), undefined);
    assert(served.failures.length === 1 && served.failures[0] instanceof PeerMisbehaved);
    assert.equal(await ask(served, other, request), CLOCK_ANSWER_BYTES);
    await served.time.advance(CLOCK_WINDOW_MS);
    assert.equal(await ask(served, asker, request), CLOCK_ANSWER_BYTES);
  });

  it('ends the stream without an answer when the clocks cannot be read together', async () => {
    const served = await serving((clock) => clockHandler({ clock, receivedMs: () => 1_000, answer: () => undefined }));
    assert.equal(await ask(served, asker, Uint8Array.of(1)), 0);
    assert.deepEqual(served.failures, []);
  });

  it('blames a peer for what is no request', async () => {
    const served = await serving(answering);
    assert.equal(await ask(served, asker, Uint8Array.of(2)), undefined);
    assert(served.failures[0] instanceof PeerMisbehaved);
  });

  it('gives up on a peer that says nothing', async () => {
    const served = await serving(answering);
    const opened = await settled(served.time, served.networkOf(asker).open(server, CLOCK_PROTOCOL, NEVER));
    assert(opened.status === 'fulfilled');
    const read = readAll(opened.value.source);
    await Promise.all([assert.rejects(read), served.time.advance(CLOCK_WINDOW_MS)]);
    assert.equal(served.failures.length, 1);
  });
});

describe('measuring the clock of a peer', () => {
  it('hands over each exchange', async () => {
    const served = await serving(answering);
    const exchanges: Exchange[] = [];
    const work = measureClock(served.networkOf(asker), server, served.time, 3, NEVER, (each) => exchanges.push(each));
    assert.equal((await settled(served.time, work)).status, 'fulfilled');
    const answer = { ...ANSWER, receivedMs: 1_000 };
    assert.deepEqual(
      exchanges,
      Array.from({ length: 3 }, () => ({ sentAtMs: 0, answer, receivedAtMs: 0 })),
    );
  });

  it('keeps what it learnt before the stream broke, and blames a peer whose answer does not decode', async () => {
    const good = encodeClockAnswer({ ...ANSWER, receivedMs: 1_000 });
    const served = await serving(() => async (_peer, stream) => {
      await stream.sink([good, new Uint8Array(CLOCK_ANSWER_BYTES).fill(9)]);
    });
    const exchanges: Exchange[] = [];
    const work = measureClock(served.networkOf(asker), server, served.time, 3, NEVER, (each) => exchanges.push(each));
    const result = await settled(served.time, work);
    assert(result.status === 'rejected' && result.reason instanceof PeerMisbehaved);
    assert.equal(exchanges.length, 1);
  });
});
