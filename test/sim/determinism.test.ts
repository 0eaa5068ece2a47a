/** A seed is a run: the same each time, in each process, whatever else goes on. */

import assert from 'node:assert/strict';
import { runSeed } from '../../src/sim/run-seed.ts';
import { runSeeds } from '../../src/sim/run-seeds.ts';
import { driftlock, jsonLines } from '../cli/cli.ts';
import { ALL_FAULTS } from './options.ts';

function hashIn(report: unknown): unknown {
  return typeof report === 'object' && report !== null && 'traceHash' in report ? report.traceHash : undefined;
}

describe('a simulated run', () => {
  it('has the same trace each time, also with another run going on meanwhile', async () => {
    const once = await runSeed(7, ALL_FAULTS);
    const [again, other] = await Promise.all([runSeed(7, ALL_FAULTS), runSeed(8, ALL_FAULTS)]);
    assert.equal(again.traceHash, once.traceHash);
    assert.notEqual(other.traceHash, once.traceHash);
  }).timeout(60_000);

  it('has the same trace in another process', async () => {
    const { traceHash } = await runSeed(7, ALL_FAULTS);
    const { stdout } = await driftlock(['sim', '--seed', '7', '--json']);
    assert.deepEqual(
      jsonLines(stdout).map((report) => hashIn(report)),
      [traceHash],
    );
  }).timeout(60_000);

  it('has the same trace on threads, told in the order of the seeds', async () => {
    const seeds = [7, 8, 9];
    const told: number[] = [];
    const hooks = { onSeed: ({ seed }: { seed: number }) => void told.push(seed) };
    const options = { ...ALL_FAULTS, blocks: 4 };
    const here = await runSeeds(seeds, options, { ...hooks, jobs: 1 });
    const onThreads = await runSeeds(seeds, options, { ...hooks, jobs: 3 });
    assert.deepEqual(onThreads, here);
    assert.deepEqual(told, [...seeds, ...seeds]);
  }).timeout(60_000);

  it('ends before the next seed when it is told to', async () => {
    const stop = new AbortController();
    const hooks = { onSeed: () => stop.abort(), signal: stop.signal };
    const report = await runSeeds([1, 2, 3, 4, 5, 6], { ...ALL_FAULTS, blocks: 1 }, { ...hooks, jobs: 2 });
    assert.ok(report.seeds >= 1 && report.seeds <= 3, `${report.seeds} seeds`);
  }).timeout(60_000);

  it('tells whoever listens everything that its hash covers', async () => {
    const lines: string[] = [];
    const report = await runSeed(7, ALL_FAULTS, (line) => lines.push(line));
    assert.ok(lines.length > report.events.length && report.events.length > 100);
    assert.ok(report.events.every((line) => lines.includes(line)));
  }).timeout(60_000);
});
