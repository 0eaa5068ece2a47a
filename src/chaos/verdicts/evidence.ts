/** What the verdicts are found from: files as the independent reader read them, and what was seen of the processes. */

import type { Hash32, NodeId } from '../../../crdt/ids.ts';
import type { BadEnd } from '../fleet/daemon.ts';
import type { Ledger } from '../observe/ledger.ts';
import type { NodeOnDisk } from '../reader/read-node.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { KnownBlocks } from '../workload/blocks.ts';

/** Of one process, when its last life began to work and when the run had come to rest. */
export interface Growth {
  readonly name: string;
  readonly memoryBytes: { readonly before: number; readonly after: number };
  readonly handles: { readonly before: number; readonly after: number };
}

export interface Evidence {
  readonly scenario: Scenario;
  readonly nodes: readonly NodeOnDisk[];
  readonly members: ReadonlySet<NodeId>;
  readonly blocks: KnownBlocks;
  readonly ledger: Pick<Ledger, 'of'>;
  /** Roots that a program was made to report though they are wrong, by block. */
  readonly wrongRoots: ReadonlyMap<string, Hash32>;
  /** Contracts that every node had before the run. */
  readonly contracts: ReadonlySet<Hash32>;
  readonly badEnds: readonly BadEnd[];
  /** Lines of the logs that no run should have. */
  readonly defects: readonly string[];
  /** Empty where the machine does not tell. */
  readonly growth: readonly Growth[];
}

export interface Verdict {
  readonly name: string;
  /** What must hold, in a sentence. */
  readonly promise: string;
  readonly ok: boolean;
  /** What did not, a line each, the first `DETAILS_MAX` of them; or, where it held, in what figures that shows. */
  readonly details: readonly string[];
}

export const DETAILS_MAX = 20;

/** `found`: a line for each thing that did not hold. */
export function verdict(
  name: string,
  promise: string,
  found: readonly string[],
  shown: readonly string[] = [],
): Verdict {
  const unlisted = found.length - DETAILS_MAX;
  const more = unlisted > 0 ? [`and ${unlisted} more`] : [];
  const ok = found.length === 0;
  return { name, promise, ok, details: ok ? shown : [...found.slice(0, DETAILS_MAX), ...more] };
}
