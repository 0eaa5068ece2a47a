/** What `driftlock demo` is asked to do. */

export interface DemoOptions {
  /** Processes, 1…`DEMO_NODES_MAX`. */
  readonly nodes: number;
  /** Below it lie `node-1`, `node-2`, …: absolute. Undefined: a new temporary directory. */
  readonly dir: string | undefined;
  /** Folder of `.w` files; undefined: the demo grows a chain of its own. */
  readonly witnessDir: string | undefined;
  /** Folder of `{number}.{hash}.json`; given exactly when `witnessDir` is. */
  readonly blocksDir: string | undefined;
  /** Blocks, at least 1; undefined: every witness in the folder, or until it is stopped. */
  readonly count: number | undefined;
  readonly exitWhenConverged: boolean;
  /** How long to wait for convergence. */
  readonly timeoutSeconds: number;
  /** The summary as one JSON object, and no table. */
  readonly json: boolean;
}

export const DEMO_NODES_DEFAULT = 3;
/** Each is a process of about 100 MB. */
export const DEMO_NODES_MAX = 16;
export const DEMO_COUNT_MAX = 1_000_000;
/** Sixteen blocks on five nodes take a few seconds; this is room for a slow machine. */
export const DEMO_TIMEOUT_SECONDS_DEFAULT = 120;
export const DEMO_TIMEOUT_SECONDS_MAX = 86_400;
