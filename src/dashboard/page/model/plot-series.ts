/**
 * What the plots draw, from the samples of a node's counters.
 *
 * Invariant: a rate is drawn between two samples of one run of the node only; where a counter went back, the node has started
 * anew and there is a gap.
 */

import type { Sample } from '../../frames.ts';

export interface PlotSeries {
  /** Unix seconds. */
  readonly at: readonly number[];
  readonly finishedPerSecond: readonly (number | null)[];
  readonly claimsPerSecond: readonly (number | null)[];
  /** Percent of the results of about half a minute that were not needed; null when none came. */
  readonly duplicatePercent: readonly (number | null)[];
  /** Percent of the linked members that hold the same records; null when nobody is linked. */
  readonly agreeingPercent: readonly (number | null)[];
}

/** Samples that a rate of duplicates is taken over: a single one holds too few results. */
const DUPLICATE_SAMPLES = 15;

export function plotSeries(samples: readonly Sample[]): PlotSeries {
  return {
    at: samples.map(({ atMs }) => atMs / 1_000),
    finishedPerSecond: samples.map((after, at) => rate(samples[at - 1], after, 'finished')),
    claimsPerSecond: samples.map((after, at) => rate(samples[at - 1], after, 'claims')),
    duplicatePercent: samples.map((after, at) => duplicates(samples[Math.max(0, at - DUPLICATE_SAMPLES)], after)),
    agreeingPercent: samples.map(({ linked, agreeing }) => (linked === 0 ? null : (100 * agreeing) / linked)),
  };
}

function rate(before: Sample | undefined, after: Sample, name: 'finished' | 'claims'): number | null {
  if (before === undefined) return null;
  const gained = after[name] - before[name];
  const seconds = (after.atMs - before.atMs) / 1_000;
  return gained < 0 || seconds <= 0 ? null : gained / seconds;
}

function duplicates(before: Sample | undefined, after: Sample): number | null {
  if (before === undefined) return null;
  const results = after.results - before.results;
  const twice = after.duplicates - before.duplicates;
  return results <= 0 || twice < 0 ? null : (100 * twice) / results;
}

/** The last of `values` that is known. */
export function latest(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}
