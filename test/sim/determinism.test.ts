/** A seed is a run: the same each time, in each process, whatever else goes on. */

import assert from 'node:assert/strict';
import { runSeed } from '../../src/sim/run-seed.ts';
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

  it('tells whoever listens everything that its hash covers', async () => {
    const lines: string[] = [];
    const report = await runSeed(7, ALL_FAULTS, (line) => lines.push(line));
    assert.ok(lines.length > report.events.length && report.events.length > 100);
    assert.ok(report.events.every((line) => lines.includes(line)));
  }).timeout(60_000);
});
