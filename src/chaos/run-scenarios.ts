/** Scenarios one after the other, each with its report. */

import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../demo/folders.ts';
import { removeLeftovers } from './leftovers.ts';
import type { ChaosOptions } from './options.ts';
import type { ChaosReport, ChaosSummary } from './outcome.ts';
import { page } from './report/page.ts';
import { reasonToSkip, runScenario, type ScenarioRequest } from './run-scenario.ts';
import type { Scenario } from './scenario/scenario.ts';
import type { Verdict } from './verdicts/evidence.ts';

export interface ScenarioResult {
  readonly summary: ChaosSummary;
  readonly verdicts: readonly Verdict[];
  /** What a failure left; undefined when it held. */
  readonly directory: string | undefined;
}

/** Runs each, until `signal` is aborted, after what earlier runs that were killed have left was removed. A scenario that this machine cannot run is skipped, which is no failure. */
export async function* runScenarios(
  scenarios: readonly Scenario[],
  options: ChaosOptions,
  signal: AbortSignal,
  onProgress: (text: string) => void,
  onRemoved: (directory: string) => void,
): AsyncGenerator<ScenarioResult> {
  for (const directory of await removeLeftovers(tmpdir())) onRemoved(directory);
  for (const scenario of scenarios) {
    if (signal.aborted) return;
    const request = requestOf(scenario, options);
    const reason = await reasonToSkip(request);
    if (reason !== undefined) {
      yield { summary: skippedSummary(request, reason), verdicts: [], directory: undefined };
      continue;
    }
    const { report, directory } = await runScenario(request, signal, (text) => onProgress(`${scenario.name}: ${text}`));
    const summary = await writeReport(report, options.reportDir ?? directory);
    yield { summary, verdicts: report.verdicts, directory };
  }
}

function requestOf(scenario: Scenario, { nodes, seed, durationSeconds }: ChaosOptions): ScenarioRequest {
  const flags = [
    ...(nodes === undefined ? [] : [`--nodes ${nodes}`]),
    ...(durationSeconds === undefined ? [] : [`--duration ${durationSeconds}`]),
  ];
  return {
    scenario,
    nodes: nodes ?? scenario.nodes,
    seed,
    seconds: durationSeconds ?? scenario.seconds,
    command: ['driftlock chaos', scenario.name, `--seed ${seed}`, ...flags].join(' '),
  };
}

async function writeReport(report: ChaosReport, directory: string | undefined): Promise<ChaosSummary> {
  if (directory === undefined) return report.summary;
  await makeFolder(directory);
  const path = join(directory, `${report.summary.scenario}.html`);
  const summary = { ...report.summary, report: path };
  await writeFile(path, page(report));
  await writeFile(
    join(directory, `${report.summary.scenario}.json`),
    JSON.stringify({ ...report, summary }, undefined, 1),
  );
  return summary;
}

function skippedSummary({ scenario, seed, nodes }: ScenarioRequest, skipped: string): ChaosSummary {
  const none = { lost: 0, unfinished: 0, different: 0, duplicates: 0, blocks: 0, seconds: 0, heals: 0 };
  const healMs = { p50: null, p99: null };
  return { scenario: scenario.name, ok: true, ...none, healMs, seed, report: null, nodes, failed: [], skipped };
}
