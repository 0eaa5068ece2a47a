/** What only the network in memory can do: cuts, faults, and runs that repeat exactly. */

import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import fc from 'fast-check';
import { isFailure } from '../../../crdt/errors.ts';
import { identityFromSeed } from '../../../net/identity/identity.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import { MemoryHub } from '../../../net/memory/hub.ts';
import { deliveryDelaysMs, NO_FAULTS, type LinkFaults } from '../../../net/memory/link.ts';
import type { ByteStream, Network } from '../../../net/network.ts';
import { holdsAsync } from '../../properties.ts';
import { nextTurn } from './until.ts';
import { VirtualClock } from './virtual-clock.ts';

const TOPIC = 'test/topic';
const PROTOCOL = '/test/1.0.0';
const nodes = [1, 2, 3].map((number) => identityFromSeed(new Uint8Array(32).fill(number)).node);
const [a, b, c] = nodes;
ok(a !== undefined && b !== undefined && c !== undefined);
const never = new AbortController().signal;

/** mulberry32: enough chance for a test, the same for the same seed. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface Run {
  readonly hub: MemoryHub;
  readonly clock: VirtualClock;
  readonly networks: Network[];
  /** `node index: text @ time`, in the order of delivery. */
  readonly log: string[];
  readonly servedStreams: ByteStream[];
}

async function startRun(seed = 1): Promise<Run> {
  const clock = new VirtualClock();
  const hub = new MemoryHub({ clock, random: seeded(seed) });
  const log: string[] = [];
  const servedStreams: ByteStream[] = [];
  const networks = nodes.map((node) => hub.join(new MemberList(node, nodes)));
  for (const [index, network] of networks.entries()) {
    network.subscribe(TOPIC, ({ bytes }) => {
      log.push(`${index}: ${Buffer.from(bytes).toString()} @ ${clock.monotonicMs()}`);
      return 'accept';
    });
    network.serve(PROTOCOL, async (_peer, stream) => void servedStreams.push(stream));
    await network.start();
  }
  return { hub, clock, networks, log, servedStreams };
}

/** Runs until no timer is left. */
async function settle(clock: VirtualClock): Promise<void> {
  do await nextTurn();
  while (clock.step());
}

/** `work` and the timers that it needs. */
async function during<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  await settle(clock);
  return work;
}

describe('the network in memory', () => {
  it('delivers nothing over a cut link, relays around it, and nothing of the past after it healed', async () => {
    const { hub, clock, networks, log } = await startRun();
    hub.cut(a, b);
    deepEqual(
      networks[0]?.peers().map(({ node }) => node),
      [c],
    );
    await networks[0]?.publish(TOPIC, Buffer.from('around'));
    await settle(clock);
    deepEqual(log, ['2: around @ 0', '1: around @ 0']);

    hub.cut(a, c);
    await networks[0]?.publish(TOPIC, Buffer.from('lost'));
    hub.heal(a, b);
    hub.heal(a, c);
    await settle(clock);
    equal(log.length, 2);
    deepEqual(new Set(networks[0]?.peers().map(({ node }) => node)), new Set([b, c]));
  });

  it('loses what is on the way when the link is cut, though it heals before the delay is over', async () => {
    const { hub, clock, networks, log } = await startRun();
    const slow: LinkFaults = { ...NO_FAULTS, delayMsMin: 100, delayMsMax: 100 };
    hub.setFaults(a, b, slow);
    hub.cut(a, c);
    hub.cut(b, c);
    await networks[0]?.publish(TOPIC, Buffer.from('on the way'));
    hub.cut(a, b);
    hub.heal(a, b);
    await settle(clock);
    deepEqual(log, []);
  });

  it('fails the streams of a link that is cut, at both ends', async () => {
    const { hub, clock, networks, servedStreams } = await startRun();
    const stream = await during(clock, networks[0]?.open(b, PROTOCOL, never) ?? Promise.reject(new Error('no node')));
    const [served] = servedStreams;
    ok(served !== undefined);
    const ends = [stream, served].map((end) => end.source[Symbol.asyncIterator]().next());
    hub.cut(a, b);
    for (const end of ends) await rejects(end, (error) => isFailure(error, 'ERR_STREAM_FAILED'));
    await rejects(networks[0]?.open(b, PROTOCOL, never) ?? Promise.resolve(), (error) =>
      isFailure(error, 'ERR_UNREACHABLE'),
    );
  });

  it('tells both ends when their link is cut and when it heals, and nobody when nothing changes', async () => {
    const { hub, networks } = await startRun();
    const changes = [0, 0, 0];
    for (const [index, network] of networks.entries()) {
      network.onPeersChanged(() => (changes[index] = (changes[index] ?? 0) + 1));
    }
    hub.cut(a, b);
    hub.cut(b, a);
    deepEqual(changes, [1, 1, 0]);
    hub.heal(a, b);
    hub.heal(a, b);
    deepEqual(changes, [2, 2, 0]);
  });

  it('links a node only to nodes that list it too', async () => {
    const clock = new VirtualClock();
    const hub = new MemoryHub({ clock, random: seeded(1) });
    const trusting = hub.join(new MemberList(a, [b]));
    const wary = hub.join(new MemberList(b, []));
    await trusting.start();
    await wary.start();
    deepEqual([trusting.peers(), wary.peers()], [[], []]);
  });

  it('takes a node that stopped back in, and it hears what is said from then on', async () => {
    const { hub, clock, networks } = await startRun();
    await networks[1]?.stop();
    const heard: string[] = [];
    const again = hub.join(new MemberList(b, nodes));
    again.subscribe(TOPIC, ({ bytes }) => {
      heard.push(Buffer.from(bytes).toString());
      return 'accept';
    });
    await networks[0]?.publish(TOPIC, Buffer.from('before'));
    await settle(clock);
    await again.start();
    await networks[0]?.publish(TOPIC, Buffer.from('after'));
    await settle(clock);
    deepEqual(heard, ['after']);
  });

  it('repeats a run exactly from the same seed, whatever the faults', async () => {
    const faults = fc.record({
      lossPermille: fc.nat(500),
      repeatPermille: fc.nat(500),
      delayMsMin: fc.nat(20),
      delayMsMax: fc.integer({ min: 20, max: 200 }),
    });
    await holdsAsync(
      fc.asyncProperty(fc.integer(), faults, fc.array(fc.nat(2), { maxLength: 20 }), async (seed, each, publishers) => {
        const play = async (): Promise<string[]> => {
          const { hub, clock, networks, log } = await startRun(seed);
          for (const [one, other] of [
            [a, b],
            [b, c],
            [a, c],
          ] as const) {
            hub.setFaults(one, other, each);
          }
          for (const [number, publisher] of publishers.entries()) {
            await networks[publisher]?.publish(TOPIC, Buffer.from(`message ${number}`));
          }
          await settle(clock);
          return log;
        };
        const first = await play();
        deepEqual(await play(), first);
        const delivered = first.map((line) => line.split(' @')[0]);
        equal(new Set(delivered).size, delivered.length, 'nothing is handed over twice');
      }),
    );
  });

  it('keeps the order of a stream over a link whose delay changes', async () => {
    const { hub, clock, networks, servedStreams } = await startRun();
    hub.setFaults(a, b, { ...NO_FAULTS, delayMsMin: 1, delayMsMax: 1000 });
    const stream = await during(clock, networks[0]?.open(b, PROTOCOL, never) ?? Promise.reject(new Error('no node')));
    const sent = Array.from({ length: 50 }, (_, index) => Uint8Array.of(index));
    const received: number[] = [];
    const reading = (async () => {
      for await (const chunk of servedStreams[0]?.source ?? []) received.push(...chunk);
    })();
    await during(clock, Promise.all([stream.sink(sent), reading]));
    deepEqual(
      received,
      sent.map((_, index) => index),
    );
  });
});

describe('the faults of a link', () => {
  const table: [name: string, faults: Partial<LinkFaults>, draws: number[], delaysMs: number[]][] = [
    ['none draw nothing', {}, [], [0]],
    ['a loss is drawn below its permille', { lossPermille: 100 }, [99], []],
    ['a loss is not drawn at its permille', { lossPermille: 100 }, [100], [0]],
    ['a repetition gives two copies', { repeatPermille: 1 }, [0], [0, 0]],
    ['each copy has its own delay', { repeatPermille: 1000, delayMsMin: 5, delayMsMax: 9 }, [3, 0, 4], [5, 9]],
    ['a fixed delay draws nothing', { delayMsMin: 7, delayMsMax: 7 }, [], [7]],
  ];
  for (const [name, faults, draws, delaysMs] of table) {
    it(name, () => {
      const left = [...draws];
      const drawn = deliveryDelaysMs({ ...NO_FAULTS, ...faults }, (below) => {
        const next = left.shift();
        ok(next !== undefined && next < below);
        return next;
      });
      deepEqual([drawn, left], [delaysMs, []]);
    });
  }
});
