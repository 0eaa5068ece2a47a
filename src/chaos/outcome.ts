/** How a scenario went. */

import type { Verdict } from './verdicts/evidence.ts';
import type { Figures } from './verdicts/promises.ts';
import type { Sample } from './observe/observer.ts';
import type { Strike } from './scenario/schedule.ts';

/** A line of `driftlock chaos --json`. */
export interface ChaosSummary extends Figures {
  readonly scenario: string;
  readonly ok: boolean;
  /** From heal to identical digests; null where nothing was healed. */
  readonly healMs: { readonly p50: number | null; readonly p99: number | null };
  readonly seed: number;
  /** The page, or null where none was asked for. */
  readonly report: string | null;
  readonly nodes: number;
  readonly blocks: number;
  readonly seconds: number;
  readonly heals: number;
  /** Names of what did not hold. */
  readonly failed: readonly string[];
  /** Why it could not be run here; null when it was. */
  readonly skipped: string | null;
}

export interface NodeTimeline {
  readonly name: string;
  readonly samples: readonly Sample[];
}

export interface Note {
  /** Since the run began. */
  readonly atMs: number;
  readonly text: string;
}

/** Everything that a report shows. */
export interface ChaosReport {
  readonly summary: ChaosSummary;
  readonly breaks: string;
  readonly verdicts: readonly Verdict[];
  /** With times since the run began. */
  readonly strikes: readonly Strike[];
  readonly healsMs: readonly number[];
  readonly timelines: readonly NodeTimeline[];
  readonly notes: readonly Note[];
  /** The one command that runs it again. */
  readonly command: string;
}

/** The value that `percent` of `sorted` do not exceed (nearest rank); null of nothing. */
export function percentile(values: readonly number[], percent: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const at = Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1);
  return sorted[at] ?? null;
}
