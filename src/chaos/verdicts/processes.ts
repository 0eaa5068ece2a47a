/** What holds for the processes themselves, beyond the promises: they end as asked, and take no more and more. */

import { verdict, type Evidence, type Growth, type Verdict } from './evidence.ts';

/** Sockets: two nodes may have dialled each other in the end, and a client that asked has gone. */
export const HANDLES_GROWTH_MAX = 48;
/** A heap that was never collected in full. */
export const MEMORY_GROWTH_BYTES_MAX = 192 * 1024 * 1024;
/** A record in memory and what hangs on it. */
export const MEMORY_BYTES_PER_BLOCK = 8 * 1024;

export function judgeProcesses(evidence: Evidence): Verdict[] {
  return [cleanShutdown(evidence), noDefects(evidence), noLeak(evidence)];
}

function cleanShutdown({ badEnds, nodes }: Evidence): Verdict {
  const found = [
    ...badEnds.map(({ name, how }) => `${name}: ${how}`),
    ...nodes
      .filter(({ journalBytes }) => journalBytes > 0)
      .map(({ name, journalBytes }) => `${name}: ${journalBytes} bytes are left in its journal`),
  ];
  return verdict(
    'clean-shutdown',
    'no process ends by itself; each ends with exit code 0 on SIGTERM, its journal empty',
    found,
  );
}

function noDefects({ defects }: Evidence): Verdict {
  return verdict(
    'no-unhandled-error',
    'no promise is rejected with nobody to hear of it, and no call of the RPC fails inside',
    defects,
  );
}

function noLeak({ growth, blocks }: Evidence): Verdict {
  const bytesMax = MEMORY_GROWTH_BYTES_MAX + blocks.size * MEMORY_BYTES_PER_BLOCK;
  const found = growth.flatMap((one) => leaksOf(one, bytesMax));
  const shown = growth.length === 0 ? ['not measured: this machine has no /proc'] : growth.map(describeGrowth);
  return verdict(
    'no-leak',
    'memory and handles at the end are those of the start, and room for what was added',
    found,
    shown,
  );
}

function leaksOf(one: Growth, bytesMax: number): string[] {
  const isMoreMemory = one.memoryBytes.after - one.memoryBytes.before > bytesMax;
  const isMoreHandles = one.handles.after - one.handles.before > HANDLES_GROWTH_MAX;
  return isMoreMemory || isMoreHandles ? [describeGrowth(one)] : [];
}

function describeGrowth({ name, memoryBytes, handles }: Growth): string {
  return `${name}: ${mib(memoryBytes.before)} to ${mib(memoryBytes.after)} MiB, ${handles.before} to ${handles.after} handles`;
}

function mib(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
