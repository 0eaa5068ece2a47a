/**
 * What a run of many seeds has to say: the object of `--json`, and the text for people.
 *
 * Invariant: every violation comes with the one command that replays it.
 */

import { blake3Hash } from '../../crdt/hash.ts';
import { shortBlock } from './event-line.ts';
import { FAULT_NAMES } from './faults/fault.ts';
import type { SimOptions } from './options.ts';
import type { SeedReport } from './run-seed.ts';

export interface SimReport {
  /** How many were run. */
  readonly seeds: number;
  readonly violations: readonly {
    readonly seed: number;
    readonly invariant: string;
    readonly detail: string;
    readonly replay: string;
  }[];
  readonly simulatedSeconds: number;
  /** Of one seed: the hash of its trace; of several: the hash of their hashes, in order. */
  readonly traceHash: string;
}

/** Events of a failure that are shown. */
const EVENTS_SHOWN_MAX = 40;

export function simReport(reports: readonly SeedReport[], options: SimOptions): SimReport {
  const hashes = reports.map(({ traceHash }) => traceHash);
  const [only] = hashes;
  return {
    seeds: reports.length,
    violations: reports.flatMap(({ seed, violations }) =>
      violations.map(({ invariant, detail }) => ({ seed, invariant, detail, replay: replayCommand(seed, options) })),
    ),
    simulatedSeconds: Math.round(reports.reduce((sum, { simulatedMs }) => sum + simulatedMs, 0) / 1_000),
    traceHash:
      hashes.length === 1 && only !== undefined
        ? only
        : blake3Hash(new TextEncoder().encode(hashes.join(' '))).slice(2),
  };
}

/** The events of a seed that held are many and of no use. */
export function withoutNeedlessEvents(report: SeedReport): SeedReport {
  return report.violations.length > 0 ? report : { ...report, events: [] };
}

export function replayCommand(seed: number, { nodes, blocks, faults, canary }: SimOptions): string {
  const isAll = faults.length === FAULT_NAMES.length;
  const listed = faults.length === 0 ? 'none' : isAll ? 'all' : faults.join(',');
  const parts = [`driftlock sim --seed ${seed} --nodes ${nodes} --blocks ${blocks} --faults ${listed}`];
  if (canary !== undefined) parts.push(`--canary ${canary}`);
  return parts.join(' ');
}

/** What was violated, what led there, and how to see it again. */
export function failureText(report: SeedReport, options: SimOptions): string {
  const lines = report.violations.map(({ invariant, detail }) => `seed ${report.seed}: ${invariant}: ${detail}`);
  const [first] = report.violations;
  const id = first?.key === undefined ? undefined : shortBlock(first.key);
  const isRelevant = (line: string): boolean => id === undefined || line.includes(id) || line.includes(' world ');
  const shown = report.events.filter(isRelevant).slice(-EVENTS_SHOWN_MAX);
  const about = id === undefined ? 'the latest events' : `what happened to ${id}, and the faults meanwhile`;
  return [
    ...lines,
    `  ${about}:`,
    ...shown.map((line) => `  ${line}`),
    `  replay: ${replayCommand(report.seed, options)}`,
  ].join('\n');
}
