/** What `driftlock chaos` is asked to do. */

export interface ChaosOptions {
  /** Names, `all`, or paths of files. */
  readonly scenarios: readonly string[];
  /** Undefined: as each scenario says. */
  readonly nodes: number | undefined;
  readonly seed: number;
  readonly durationSeconds: number | undefined;
  /** Where reports are written; undefined: only that of a failing scenario, beside what it leaves. */
  readonly reportDir: string | undefined;
}

export const CHAOS_SEED_MAX = 2 ** 32 - 1;
