/** What a fault can reach, and how it says that it struck. */

import type { RandomInteger } from '../../../net/clock.ts';
import type { ChaosNode } from '../fleet/chaos-node.ts';
import type { Namespaces } from '../fleet/namespaces.ts';
import type { Mesh } from '../proxy/mesh.ts';

export interface ChaosWorld {
  readonly nodes: readonly ChaosNode[];
  readonly mesh: Mesh | undefined;
  readonly namespaces: Namespaces | undefined;
  /** Of the strike at hand. */
  readonly random: RandomInteger;
  /** Aborted when the run is. */
  readonly signal: AbortSignal;
  /** A line in the report. */
  note(text: string): void;
}

/** Heals what a fault broke. Called once. */
export type Heal = () => Promise<void> | void;
