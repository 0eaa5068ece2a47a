/**
 * One of the promises, checked: all along a run, at every event and every now and then, and at its end.
 *
 * Invariant: a check looks and changes nothing. It knows of the product what an operator or a test could know.
 */

import type { BlockKey } from '../../../crdt/ids.ts';
import type { Observer, World } from '../world.ts';

export interface Invariant {
  /** As a failure names it. */
  readonly name: string;
  /** The promise, in one sentence. */
  readonly promise: string;
  /** Begins to watch a run. */
  watch(world: World, violate: (finding: Finding) => void): Watch;
}

export interface Watch extends Observer {
  /** Called several times a simulated second. */
  look?(): void;
  /** Called once, when everything was healed and has come to rest. */
  atEnd?(): Promise<void> | void;
}

export interface Finding {
  readonly detail: string;
  /** The block that it is about: the report shows what happened to it. */
  readonly key?: BlockKey;
}

export interface Violation extends Finding {
  readonly invariant: string;
}
