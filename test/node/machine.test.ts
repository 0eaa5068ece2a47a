import assert from 'node:assert/strict';
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { collectYoung } from '../../src/node/machine.ts';

describe('the machine', () => {
  it('collects the young generation, and it alone, when it is asked to', async () => {
    const seen = Promise.withResolvers<readonly PerformanceEntry[]>();
    const observer = new PerformanceObserver((list) => seen.resolve(list.getEntries()));
    observer.observe({ entryTypes: ['gc'] });
    collectYoung();
    const kinds = (await seen.promise).map((entry) => ('detail' in entry ? Object(entry.detail).kind : undefined));
    observer.disconnect();
    assert(kinds.includes(constants.NODE_PERFORMANCE_GC_MINOR), String(kinds));
    assert(!kinds.includes(constants.NODE_PERFORMANCE_GC_MAJOR), String(kinds));
  });
});
