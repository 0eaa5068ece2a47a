import assert from 'node:assert/strict';
import { once } from 'node:events';
import { GCProfiler } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { collectYoung } from '../../src/node/machine.ts';

describe('the machine', () => {
  it('collects the young generation when it is asked to, or all where V8 is in the middle of that', () => {
    const profiler = new GCProfiler();
    profiler.start();
    collectYoung();
    const kinds = profiler.stop().statistics.map(({ gcType }) => gcType);
    assert(kinds.includes('Scavenge') || kinds.includes('MarkSweepCompact'), kinds.join(', '));
  });

  it('finds the collector in every thread, though V8 has one set of flags for all', async () => {
    const machine = new URL('../../src/node/machine.ts', import.meta.url);
    const threads = Array.from({ length: 16 }, () => new Worker(machine));
    await Promise.all(threads.map((thread) => once(thread, 'exit')));
  });
});
