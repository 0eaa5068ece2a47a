/** Which nodes had the same digest, at each sample. */

import type { Sample } from '../observe/observer.ts';
import type { NodeTimeline } from '../outcome.ts';

/** Two nodes are compared by samples no further apart. */
const TOGETHER_MS = 1_500;

/**
 * By node, for each of its samples: whether at least half of the others that answered then had its digest; undefined where it
 * or all others said nothing. While blocks come digests change several times a second, so it comes and goes then.
 */
export function agreementOf(timelines: readonly NodeTimeline[]): ReadonlyMap<string, readonly (boolean | undefined)[]> {
  const found = new Map<string, (boolean | undefined)[]>();
  for (const timeline of timelines) {
    const others = timelines.filter((other) => other !== timeline).map(({ samples }) => ({ samples, cursor: 0 }));
    const agreements = timeline.samples.map(({ atMs, said }) => {
      const digests = others.flatMap((other) => {
        other.cursor = latestBefore(other.samples, atMs, other.cursor);
        const sample = other.samples[other.cursor];
        const isTogether = sample !== undefined && Math.abs(sample.atMs - atMs) <= TOGETHER_MS;
        return isTogether && sample.said !== undefined ? [sample.said.digest] : [];
      });
      if (said === undefined || digests.length === 0) return undefined;
      return digests.filter((digest) => digest === said.digest).length * 2 >= digests.length;
    });
    found.set(timeline.name, agreements);
  }
  return found;
}

/** The index of the last sample that is not later than `atMs`, looked for from `from` on. */
function latestBefore(samples: readonly Sample[], atMs: number, from: number): number {
  let at = from;
  while ((samples[at + 1]?.atMs ?? Infinity) <= atMs) at++;
  return at;
}
