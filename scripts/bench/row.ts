/**
 * A row of the benchmark: one claim about driftlock, measured against a peer or a physical limit on the same work.
 *
 * Invariant: ours and the other run in turn within one process, so that a machine that slows down slows both; a ratio
 * is taken of each pair, and what is quoted is the median of the ratios and their spread.
 */

export interface BenchRow {
  readonly id: string;
  /** What is compared with what, in one line. */
  readonly what: string;
  readonly unit: string;
  /** What driftlock does, and what the other does, in a few words. */
  readonly ours: string;
  readonly against: string;
  /** `at-least`: the ratio ours/against must not be below the bound; `at-most`: not above. */
  readonly target: { readonly kind: 'at-least' | 'at-most'; readonly bound: number };
  /** How many pairs are measured. */
  readonly pairs: number;
  /** Nothing gets faster by doing it twice, as each figure comes from processes of their own: no pair to warm up. */
  readonly isCold?: true;
  /** Prepares the work once, or throws {@link BenchSkip}; `ours` and `against` then do it, and return their figure in `unit`. */
  prepare(): Promise<BenchWork>;
}

/** Thrown by `prepare` where the machine lacks what the row is measured against. The message says what. */
export class BenchSkip extends Error {
  override readonly name = 'BenchSkip';
}

export interface BenchWork {
  ours(): Promise<number>;
  against(): Promise<number>;
  /** Removes what was made. */
  close(): Promise<void>;
}

export interface BenchResult {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly ours: string;
  readonly against: string;
  /** Medians. */
  readonly value: { readonly ours: number; readonly against: number };
  readonly ratio: { readonly min: number; readonly median: number; readonly max: number };
  readonly target: string;
  readonly ok: boolean;
}

/** Measures a row: one pair to warm up (unless it `isCold`), then `row.pairs` that count, the order within a pair alternating. */
export async function measure(row: BenchRow, onPair: (done: number) => void): Promise<BenchResult> {
  const work = await row.prepare();
  try {
    if (row.isCold !== true) {
      await work.ours();
      await work.against();
    }
    const pairs: { ours: number; against: number }[] = [];
    for (let pair = 0; pair < row.pairs; pair++) {
      pairs.push(pair % 2 === 0 ? await oursFirst(work) : await againstFirst(work));
      onPair(pair + 1);
    }
    const ratios = pairs.map(({ ours, against }) => ours / against).sort((a, b) => a - b);
    const ratio = { min: ratios[0] ?? NaN, median: median(ratios), max: ratios.at(-1) ?? NaN };
    const { kind, bound } = row.target;
    return {
      id: row.id,
      what: row.what,
      unit: row.unit,
      ours: row.ours,
      against: row.against,
      value: { ours: median(pairs.map((pair) => pair.ours)), against: median(pairs.map((pair) => pair.against)) },
      ratio,
      target: `${kind === 'at-least' ? '≥' : '≤'} ${bound}`,
      ok: kind === 'at-least' ? ratio.median >= bound : ratio.median <= bound,
    };
  } finally {
    await work.close();
  }
}

async function oursFirst(work: BenchWork): Promise<{ ours: number; against: number }> {
  const ours = await work.ours();
  return { ours, against: await work.against() };
}

async function againstFirst(work: BenchWork): Promise<{ ours: number; against: number }> {
  const against = await work.against();
  return { ours: await work.ours(), against };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
