/**
 * Runs one scenario on real processes and judges it from what is left on the disks.
 *
 * Invariant: a scenario that failed leaves its directories and logs, one that held leaves nothing.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../node/machine.ts';
import type { ChaosNode } from './fleet/chaos-node.ts';
import { Namespaces } from './fleet/namespaces.ts';
import { markRun, RUN_DIRECTORY_PREFIX } from './leftovers.ts';
import { defectsIn } from './observe/log-defects.ts';
import { percentile, type ChaosReport, type ChaosSummary } from './outcome.ts';
import { play, type Played } from './play.ts';
import { DirectoryReader, type NodeOnDisk } from './reader/read-node.ts';
import { setStage, type RunPlan, type Stage } from './stage.ts';
import { verdict, type Evidence, type Verdict } from './verdicts/evidence.ts';
import { judgeProcesses } from './verdicts/processes.ts';
import { judgePromises } from './verdicts/promises.ts';

export interface ScenarioRequest extends Omit<RunPlan, 'directory'> {
  /** The one command that runs it again. */
  readonly command: string;
}

export interface ScenarioOutcome {
  readonly report: ChaosReport;
  /** What a failure left; undefined when it held. */
  readonly directory: string | undefined;
}

/** Why the scenario cannot be run on this machine; undefined when it can. */
export async function reasonToSkip({ scenario }: Pick<ScenarioRequest, 'scenario'>): Promise<string | undefined> {
  return scenario.start?.network === 'namespaces' ? Namespaces.unavailable() : undefined;
}

export async function runScenario(
  request: ScenarioRequest,
  signal: AbortSignal,
  onProgress: (text: string) => void,
): Promise<ScenarioOutcome> {
  const directory = await mkdtemp(join(tmpdir(), `${RUN_DIRECTORY_PREFIX}${request.scenario.name}-`));
  const unmark = await markRun(directory);
  const startedAtMs = systemClock.monotonicMs();
  let ok = false;
  const stage = await setStage({ ...request, directory });
  try {
    const played = await play(request, stage, signal, onProgress);
    onProgress('reading what is on the disks');
    const evidence = await gather(request, stage, played);
    const { verdicts, figures } = judgePromises(evidence);
    const all = [...verdicts, ...judgeProcesses(evidence), hasHealed(played, signal)];
    ok = all.every((one) => one.ok);
    const seconds = Math.round((systemClock.monotonicMs() - startedAtMs) / 100) / 10;
    const summary: ChaosSummary = {
      scenario: request.scenario.name,
      ok,
      ...figures,
      healMs: { p50: rounded(percentile(played.healsMs, 50)), p99: rounded(percentile(played.healsMs, 99)) },
      seed: request.seed,
      report: null,
      nodes: request.nodes,
      blocks: stage.blocks.size,
      seconds,
      heals: played.healsMs.length,
      failed: all.filter((one) => !one.ok).map(({ name }) => name),
      skipped: null,
    };
    const timelines = stage.fleet.nodes.map((node) => ({ name: node.name, samples: stage.observer.samplesOf(node) }));
    const { strikes, healsMs, notes } = played;
    const { breaks } = request.scenario;
    const report = { summary, breaks, verdicts: all, strikes, healsMs, timelines, notes, command: request.command };
    return { report, directory: ok ? undefined : directory };
  } finally {
    await stage.close(!ok);
    await unmark();
    if (ok) await rm(directory, { recursive: true, force: true });
  }
}

async function gather({ scenario }: ScenarioRequest, stage: Stage, { growth }: Played): Promise<Evidence> {
  const { fleet, blocks, ledger, programs, contracts } = stage;
  const reader = new DirectoryReader();
  const nodes: NodeOnDisk[] = [];
  for (const { name, layout } of fleet.nodes) nodes.push(await reader.read(name, layout));
  const defects = await Promise.all(
    fleet.nodes.map((node: ChaosNode) => defectsIn(node.name, `${node.layout.root}.log`)),
  );
  return {
    scenario,
    nodes,
    members: new Set(fleet.nodes.map(({ id }) => id)),
    blocks,
    ledger,
    wrongRoots: programs.wrongRoots,
    contracts,
    badEnds: fleet.nodes.flatMap(({ daemon }) => daemon.badEnds),
    defects: defects.flat(),
    growth,
  };
}

function hasHealed({ troubles, notHealed, finishedAfterMs }: Played, signal: AbortSignal): Verdict {
  const found = [
    ...troubles,
    ...(notHealed > 0 ? [`after ${notHealed} heals the nodes did not come to one digest in time`] : []),
    ...(finishedAfterMs === undefined ? ['the nodes did not say in time that all is finished'] : []),
    ...(signal.aborted ? ['the run was stopped'] : []),
  ];
  return verdict('heals-in-time', 'after each heal the nodes come to one digest, and in the end they finish', found);
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}
