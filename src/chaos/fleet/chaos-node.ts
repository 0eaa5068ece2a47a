/** One node of a run: its directory, its process, and what else of it can be broken. */

import type { NodeId } from '../../../crdt/ids.ts';
import type { DatadirLayout } from '../../datadir/layout.ts';
import type { Daemon } from './daemon.ts';
import type { NodeClock } from './node-clock.ts';
import type { Volume } from './volume.ts';

export interface ChaosNode {
  readonly index: number;
  readonly name: string;
  readonly id: NodeId;
  readonly layout: DatadirLayout;
  readonly daemon: Daemon;
  readonly clock: NodeClock;
  /** Undefined where no fault fills it. */
  readonly volume: Volume | undefined;
  /** Whether it is there from the start, or comes later. */
  readonly startsAbsent: boolean;
}
