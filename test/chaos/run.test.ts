/** Whole runs on real processes, as a user starts them: a short selection of what `npm run chaos` does. */

import assert from 'node:assert/strict';
import { access, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { driftlock, jsonLines, temporaryFolder } from '../cli/cli.ts';
import { writeScenario } from './scenario-file.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/chaos-scenario.mjs', import.meta.url));
/** A run takes half a minute on two quiet cores. */
const TEST_TIMEOUT_MS = 240_000;

const summarySchema = z.strictObject({
  scenario: z.string(),
  ok: z.boolean(),
  lost: z.number(),
  unfinished: z.number(),
  different: z.number(),
  duplicates: z.number(),
  healMs: z.strictObject({ p50: z.number().nullable(), p99: z.number().nullable() }),
  seed: z.number(),
  report: z.string().nullable(),
  nodes: z.number(),
  blocks: z.number(),
  seconds: z.number(),
  heals: z.number(),
  failed: z.array(z.string()),
  skipped: z.string().nullable(),
});

const reportSchema = z.looseObject({
  timelines: z.array(
    z.looseObject({ samples: z.array(z.looseObject({ said: z.looseObject({ connected: z.number() }).optional() })) }),
  ),
  verdicts: z.array(z.looseObject({ name: z.string(), ok: z.boolean() })),
});

async function chaos(
  ...args: string[]
): Promise<{ code: number | null; summary: z.infer<typeof summarySchema>; stderr: string }> {
  const { code, stdout, stderr } = await driftlock(['chaos', ...args, '--json']);
  const lines = jsonLines(stdout);
  assert.equal(lines.length, 1, stderr);
  return { code, summary: summarySchema.parse(lines[0]), stderr };
}

function keptIn(stderr: string): string {
  const kept = /directories and logs: (?<path>\S+)/.exec(stderr)?.groups?.['path'];
  assert.ok(kept !== undefined, stderr);
  return kept;
}

describe('chaos on real processes', function () {
  this.timeout(TEST_TIMEOUT_MS);

  it('cuts a cluster in two, so that no connection is left between the sides, and every promise holds', async () => {
    await using folder = await temporaryFolder();
    const { code, summary, stderr } = await chaos(
      'split-in-half',
      '--nodes',
      '2',
      '--duration',
      '11',
      '--seed',
      '1',
      '--report',
      folder.path,
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual([summary.lost, summary.unfinished, summary.different, summary.heals], [0, 0, 0, 1]);
    const report = reportSchema.parse(JSON.parse(await readFile(join(folder.path, 'split-in-half.json'), 'utf8')));
    for (const { samples } of report.timelines) {
      const connected = samples.flatMap(({ said }) => said?.connected ?? []);
      // With one peer: up, down while the network is cut, up again.
      assert.match(connected.join(''), /10+1/);
    }
    assert.equal(summary.report, join(folder.path, 'split-in-half.html'));
    await access(summary.report);
  });

  it('runs a scenario of its user, with restarts, pauses, resets, slow links and a clock that steps', async () => {
    const { code, summary, stderr } = await chaos(EXAMPLE, '--seed', '2');
    assert.equal(code, 0, stderr);
    assert.equal(summary.scenario, 'two-regions');
    assert.ok(summary.blocks > 0 && summary.heals > 0);
  });

  it('fails with exit code 1 when something did not hold, and keeps directories, logs and the report', async () => {
    await using folder = await temporaryFolder();
    const path = await writeScenario(folder.path, {
      name: 'impossible',
      breaks: 'nothing, and asks for a dispute',
      faults: [{ fault: 'kill', on: 'one', atSeconds: 1, forSeconds: 0.5 }],
      holds: { disputesMin: 1 },
    });
    const { code, summary, stderr } = await chaos(path, '--seed', '3');
    assert.equal(code, 1);
    assert.deepEqual(summary.failed, ['disagreement-is-shown']);
    const kept = keptIn(stderr);
    const names = await readdir(kept);
    for (const name of ['node-1', 'node-1.log', 'node-2', 'impossible.html', 'impossible.json'])
      assert.ok(names.includes(name), name);
    assert.ok(!names.includes('owner.json'), 'what is kept is not taken for what a killed run has left');
    await rm(kept, { recursive: true });
  });

  it('fails, and says which, when nodes do not even start', async () => {
    await using folder = await temporaryFolder();
    const path = await writeScenario(folder.path, {
      name: 'no-start',
      breaks: 'the configuration: a skew bound beyond the lock time',
      start: { settings: { skewBoundMs: 60_000 } },
    });
    const { code, summary, stderr } = await chaos(path, '--seed', '4');
    assert.equal(code, 1);
    assert.deepEqual(summary.failed, ['clean-shutdown', 'no-unhandled-error', 'heals-in-time']);
    assert.match(stderr, /heals-in-time: node-[12]: expected to work, found its end, see /);
    // The first that ends takes the other with it, which may not have said yet what it found.
    assert.match(stderr, /no-unhandled-error: node-[12]: driftlock: .*skewBoundMs/);
    await rm(keptIn(stderr), { recursive: true });
  });
});
