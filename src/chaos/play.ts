/**
 * The run itself: start the nodes, let the workload run while things break, wait until all is healed and finished, stop.
 *
 * Invariant: when it resolves, no process runs any more, and what was seen of them is in the result.
 */

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
const FINISH_MS_MAX = 180_000;
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
  const { fleet, feed, programs, ledger, observer, blocks, strikes } = stage;
  const { nodes } = fleet;
  const notes: Note[] = [];
  const note = (text: string): void => {
    notes.push({ atMs: observer.nowMs, text });
    onProgress(text);
  };
  const before = new Map<string, ProcessStats>();
  try {
    observer.start();
    note('the nodes start');
    const first = nodes.filter(({ startsAbsent }) => !startsAbsent);
    for (const { daemon } of first) await daemon.start();
    await Promise.all(first.map(({ daemon }) => daemon.ready(signal)));
    const connectedMs = await untilConnected(first, CONNECT_MS_MAX, signal);
    note(connectedMs === undefined ? 'not all nodes are connected' : 'the nodes are connected');
    await measureInto(before, first);
    ledger.start();
    for (const program of programs.programs) program.start();
    feed.start();
    const world = { nodes, mesh: fleet.mesh, namespaces: fleet.namespaces, signal, note };
    const trouble = await new Trouble({
      world,
      randomFor: (number) => forkRandom(seed, `strike ${number}`),
      strikes,
      durationMs: seconds * 1_000,
      feed,
      nowMs: () => observer.nowMs,
    }).run();
    await feed.finish();
    note('no more blocks; all is healed');
    const goal = { blocks: blocks.size, witnesses: feed.fed };
    const finishedAfterMs = await untilFinished(nodes, goal, FINISH_MS_MAX, signal);
    note(finishedAfterMs === undefined ? 'the nodes do not finish in time' : 'every node says that all is finished');
    await Promise.all(programs.programs.map((program) => program.stop()));
    await pause(systemClock, REST_MS, signal).catch(() => undefined);
    await untilFinished(nodes, goal, FINISH_MS_MAX, signal);
    const growth = await growthSince(before, nodes);
    return { ...trouble, notes, growth, finishedAfterMs };
  } finally {
    await Promise.all(programs.programs.map((program) => program.stop()));
    await ledger.stop();
    note('the nodes stop');
    await Promise.all(
      nodes.map(async ({ name, daemon }) => {
        const askedAtMs = observer.nowMs;
        await daemon.stop();
        note(`${name} has stopped after ${Math.round(observer.nowMs - askedAtMs)} ms`);
      }),
    );
    await observer.stop();
    await fleet.close();
    await Promise.all(nodes.map(({ daemon }) => daemon.closeLog()));
  }
}

async function measureInto(found: Map<string, ProcessStats>, nodes: readonly ChaosNode[]): Promise<void> {
  for (const { name, daemon } of nodes) {
    const stats = daemon.pid === undefined ? undefined : await processStats(daemon.pid);
    if (stats !== undefined) found.set(name, stats);
  }
}

async function growthSince(before: ReadonlyMap<string, ProcessStats>, nodes: readonly ChaosNode[]): Promise<Growth[]> {
  const after = new Map<string, ProcessStats>();
  await measureInto(after, nodes);
  return [...after].flatMap(([name, now]) => {
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
