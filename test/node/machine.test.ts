import assert from 'node:assert/strict';
import { GCProfiler } from 'node:v8';
import { collectYoung } from '../../src/node/machine.ts';

describe('the machine', () => {
  it('collects the young generation when it is asked to, or all where V8 is in the middle of that', () => {
    const profiler = new GCProfiler();
    profiler.start();
    collectYoung();
    const kinds = profiler.stop().statistics.map(({ gcType }) => gcType);
    assert(kinds.includes('Scavenge') || kinds.includes('MarkSweepCompact'), kinds.join(', '));
  });
});
