/**
 * The run itself: start the nodes, let the workload run while things break, wait until all is healed and finished, stop.
 *
 * Invariant: when it resolves, no process runs any more, and what was seen of them is in the result.
 */

import { isFailure, textOf } from '../../crdt/errors.ts';
import { pause } from '../../net/clock.ts';
import { systemClock } from '../node/machine.ts';
import { forkRandom } from '../sim/seeded-random.ts';
import type { ChaosNode } from './fleet/chaos-node.ts';
import { processStats, type ProcessStats } from './fleet/process-stats.ts';
import { untilConnected, untilFinished } from './observe/agreement.ts';
import type { Note } from './outcome.ts';
import type { RunPlan, Stage } from './stage.ts';
import { Trouble, type TroubleOutcome } from './trouble.ts';
import type { Growth } from './verdicts/evidence.ts';

const CONNECT_MS_MAX = 60_000;
/** After the last heal, until every block is finished everywhere. */
const FINISH_MS_MAX = 300_000;
/** Two scans and a challenge: what only comes with time has come. */
const REST_MS = 5_000;

export interface Played extends TroubleOutcome {
  readonly notes: readonly Note[];
  readonly growth: readonly Growth[];
  /** Undefined when it did not come to rest in time. */
  readonly finishedAfterMs: number | undefined;
}

export async function play(
  { seed, seconds }: Pick<RunPlan, 'seed' | 'seconds'>,
  stage: Stage,
  signal: AbortSignal,
  onProgress: (text: string) => void,
): Promise<Played> {
  const { fleet, feed, programs, observer, blocks, strikes } = stage;
  const { nodes } = fleet;
  const notes: Note[] = [];
  const note = (text: string): void => {
    notes.push({ atMs: observer.nowMs, text });
    onProgress(text);
  };
  let seen: Omit<Played, 'notes'> = { ...NOTHING_SEEN, growth: [], finishedAfterMs: undefined };
  try {
    const before = await startNodes(stage, signal, note);
    startWork(stage);
    const world = { nodes, mesh: fleet.mesh, namespaces: fleet.namespaces, signal, note };
    const trouble = new Trouble({
      world,
      randomFor: (number) => forkRandom(seed, `strike ${number}`),
      strikes,
      durationMs: seconds * 1_000,
      feed,
      nowMs: () => observer.nowMs,
    });
    seen = { ...seen, ...(await trouble.run()) };
    await feed.finish();
    note('no more blocks; all is healed');
    const goal = { blocks: blocks.size, witnesses: feed.fed };
    const finishedAfterMs = await untilFinished(nodes, goal, FINISH_MS_MAX, signal);
    note(finishedAfterMs === undefined ? 'the nodes do not finish in time' : 'every node says that all is finished');
    await Promise.all(programs.programs.map((program) => program.stop()));
    await pause(systemClock, REST_MS, signal).catch(() => undefined);
    await untilFinished(nodes, goal, FINISH_MS_MAX, signal);
    seen = { ...seen, finishedAfterMs, growth: await growthSince(before, nodes) };
  } catch (error) {
    if (!isFailure(error) && !signal.aborted) throw error;
    seen = { ...seen, troubles: [...seen.troubles, textOf(error)] };
  } finally {
    await endWork(stage, note);
  }
  return { ...seen, notes };
}

const NOTHING_SEEN: TroubleOutcome = { strikes: [], healsMs: [], notHealed: 0, troubles: [] };

/** Resolves to what each process takes of the machine once all are connected. */
async function startNodes(
  { fleet, observer }: Stage,
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<ReadonlyMap<string, ProcessStats>> {
  observer.start();
  note('the nodes start');
  const first = fleet.nodes.filter(({ startsAbsent }) => !startsAbsent);
  for (const { daemon } of first) await daemon.start();
  await Promise.all(first.map(({ daemon }) => daemon.ready(signal)));
  const connectedMs = await untilConnected(first, CONNECT_MS_MAX, signal);
  note(connectedMs === undefined ? 'not all nodes are connected' : 'the nodes are connected');
  return statsOf(first);
}

function startWork({ ledger, programs, feed }: Stage): void {
  ledger.start();
  for (const program of programs.programs) program.start();
  feed.start();
}

/** Ends all of it, also what never began. */
async function endWork(stage: Stage, note: (text: string) => void): Promise<void> {
  const { fleet, programs, feed, ledger, observer } = stage;
  await feed.finish();
  await Promise.all(programs.programs.map((program) => program.stop()));
  await ledger.stop();
  note('the nodes stop');
  await Promise.all(
    fleet.nodes.map(async ({ name, daemon }) => {
      const askedAtMs = observer.nowMs;
      await daemon.stop();
      note(`${name} has stopped after ${Math.round(observer.nowMs - askedAtMs)} ms`);
    }),
  );
  await observer.stop();
  await fleet.close();
  for (const { daemon } of fleet.nodes) daemon.closeLog();
}

async function statsOf(nodes: readonly ChaosNode[]): Promise<ReadonlyMap<string, ProcessStats>> {
  const found = new Map<string, ProcessStats>();
  for (const { name, daemon } of nodes) {
    const stats = daemon.pid === undefined ? undefined : await processStats(daemon.pid);
    if (stats !== undefined) found.set(name, stats);
  }
  return found;
}

async function growthSince(before: ReadonlyMap<string, ProcessStats>, nodes: readonly ChaosNode[]): Promise<Growth[]> {
  return [...(await statsOf(nodes))].flatMap(([name, now]) => {
    const then = before.get(name);
    if (then === undefined) return [];
    return [
      {
        name,
        memoryBytes: { before: then.memoryBytes, after: now.memoryBytes },
        handles: { before: then.handles, after: now.handles },
      },
    ];
  });
}
