/**
 * Where the main thread of this process spends its time, by V8's sampling profiler.
 *
 * Invariant: a sample counts for the outermost function of the part that is asked about, so all that it calls counts with it: the
 * look at records, the encoding of frames, the socket.
 */

import { Session } from 'node:inspector/promises';

const SAMPLE_US = 200;

export interface BusyTime {
  /** Everything but idling. */
  readonly allMs: number;
  /** Below a function of a file whose URL contains the text. */
  readonly partMs: number;
}

/** Runs `work`, and tells how much of the main thread's time went to `part`. */
export async function busyTime(part: string, work: () => Promise<unknown>): Promise<BusyTime> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US });
    await session.post('Profiler.start');
    await work();
    const { profile } = await session.post('Profiler.stop');
    const { nodes, samples = [], timeDeltas = [] } = profile;
    const isPart = new Map<number, boolean>();
    const isIdle = new Set<number>();
    // A node comes before those that it calls.
    for (const { id, callFrame, children = [] } of nodes) {
      const isIn = isPart.get(id) === true || callFrame.url.includes(part);
      isPart.set(id, isIn);
      for (const child of children) isPart.set(child, isIn);
      if (callFrame.functionName === '(idle)') isIdle.add(id);
    }
    let [allUs, partUs] = [0, 0];
    for (const [at, id] of samples.entries()) {
      const took = timeDeltas[at] ?? 0;
      if (!isIdle.has(id)) allUs += took;
      if (isPart.get(id) === true) partUs += took;
    }
    return { allMs: allUs / 1_000, partMs: partUs / 1_000 };
  } finally {
    session.disconnect();
  }
}
