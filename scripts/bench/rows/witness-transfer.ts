/**
 * `witness-bulk`, `witness-small`, `witness-memory`: witness payloads between two processes, verified and durable, against
 * a bare libp2p stream (noise, yamux) between the same two processes, and against each other.
 */

import type { BenchRow, BenchWork } from '../row.ts';
import { WITNESS_LIMITS } from '../../../src/witness/limits.ts';
import { startPair, type BenchPair } from '../witness/peers.ts';

const BULK_BYTES = 200 * 1000 * 1000;
const SMALL_COUNT = 10_000;
const SMALL_BYTES = 14_000;
/** Fetches under way at once: what a node has for small witnesses. */
const SMALL_LANES = WITNESS_LIMITS.smallFetches;
const MEMORY_MB_MAX = 32;

export const witnessBulk: BenchRow = {
  id: 'witness-bulk',
  what: 'one payload of 200 MB between two processes, verified and synced to disk, against a bare libp2p stream',
  unit: 'MB/s',
  ours: 'checked in chunks, hashed for its envelope, synced and renamed',
  against: 'a bare stream: noise, yamux',
  target: { kind: 'at-least', bound: 0.8 },
  pairs: 5,
  async prepare(): Promise<BenchWork> {
    const pair = await startPair(1, BULK_BYTES);
    return {
      ours: async () => rate(BULK_BYTES, await fetchAll(pair, 1)),
      against: async () => rate(BULK_BYTES, await pair.receiver.ask({ kind: 'bare', bytes: BULK_BYTES })),
      close: () => pair.close(),
    };
  },
};

export const witnessSmall: BenchRow = {
  id: 'witness-small',
  what: '10,000 payloads of 14 kB between two processes, verified and synced, against the same bytes in one payload',
  unit: 'MB/s',
  ours: '10,000 payloads, each synced',
  against: 'one payload of 140 MB',
  target: { kind: 'at-least', bound: 0.6 },
  pairs: 3,
  async prepare(): Promise<BenchWork> {
    const many = await startPair(SMALL_COUNT, SMALL_BYTES);
    const one = await startPair(1, SMALL_COUNT * SMALL_BYTES);
    const bytes = SMALL_COUNT * SMALL_BYTES;
    return {
      ours: async () => rate(bytes, await fetchAll(many, SMALL_LANES)),
      against: async () => rate(bytes, await fetchAll(one, 1)),
      async close() {
        await many.close();
        await one.close();
      },
    };
  },
};

export const witnessMemory: BenchRow = {
  id: 'witness-memory',
  what: `resident memory beyond idle, on the larger side, while 200 MB are transferred, against ${MEMORY_MB_MAX} MB`,
  unit: 'MB',
  ours: 'peak beyond idle',
  against: 'the limit',
  target: { kind: 'at-most', bound: 1 },
  pairs: 3,
  async prepare(): Promise<BenchWork> {
    const pair = await startPair(1, BULK_BYTES);
    const sides = [pair.holder, pair.receiver];
    // Before the first transfer: what the heap has grown to in one would pass for idle in the next.
    const idle = await Promise.all(sides.map((side) => side.ask({ kind: 'reset-peak' })));
    return {
      async ours() {
        await pair.receiver.ask({ kind: 'forget', keys: pair.keys });
        await Promise.all(sides.map((side) => side.ask({ kind: 'reset-peak' })));
        await pair.receiver.ask({ kind: 'fetch', keys: pair.keys, lanes: 1 });
        const peak = await Promise.all(sides.map((side) => side.ask({ kind: 'peak' })));
        return Math.max(...peak.map((mb, at) => mb - (idle[at] ?? 0)));
      },
      against: async () => MEMORY_MB_MAX,
      close: () => pair.close(),
    };
  },
};

const PULSES = 300;
const PULSE_EVERY_MS = 5;

export const witnessGossip: BenchRow = {
  id: 'witness-gossip',
  what: 'p99 of a gossiped message between two nodes while 200 MB are transferred between them, against idle',
  unit: 'ms',
  ours: 'during the transfer',
  against: 'idle',
  target: { kind: 'at-most', bound: 2 },
  pairs: 5,
  async prepare(): Promise<BenchWork> {
    const pair = await startPair(1, BULK_BYTES);
    const pulses = { kind: 'pulse', count: PULSES, everyMs: PULSE_EVERY_MS } as const;
    const p99 = async (beside: Promise<unknown>): Promise<number> => {
      await Promise.all([pair.holder.ask(pulses), beside]);
      return pair.receiver.ask({ kind: 'pulse-p99' });
    };
    return {
      async ours() {
        await pair.receiver.ask({ kind: 'forget', keys: pair.keys });
        return p99(pair.receiver.ask({ kind: 'fetch', keys: pair.keys, lanes: 1 }));
      },
      against: () => p99(Promise.resolve()),
      close: () => pair.close(),
    };
  },
};

/** Milliseconds to fetch all that the holder has. */
async function fetchAll({ receiver, keys }: BenchPair, lanes: number): Promise<number> {
  await receiver.ask({ kind: 'forget', keys });
  return receiver.ask({ kind: 'fetch', keys, lanes });
}

function rate(bytes: number, elapsedMs: number): number {
  return bytes / 1_000 / elapsedMs;
}
