/**
 * A block as this node sees it, and as it shows it to the programs of its machine.
 *
 * Invariant: what is shown differs from what is seen by reservations alone: a block that is reserved for another node looks
 * taken, and is claimed by nobody in the record.
 */

import type { BlockRecord } from '../../crdt/block/record.ts';
import { viewOf, type BlockView } from '../../crdt/block/view.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import type { Lease } from '../../crdt/lease/lease.ts';
import type { Clock } from '../../net/clock.ts';
import type { ValidateInfo } from '../files/validate-info.ts';
import type { LeaseSightings } from '../lease/sightings.ts';
import type { Reservations } from '../reserve/reservations.ts';
import { fileView } from '../store/validate-view.ts';

export interface ShownViewOptions {
  readonly clock: Clock;
  readonly sightings: LeaseSightings;
  readonly reservations: Pick<Reservations, 'remainingMs'>;
}

export class ShownView {
  readonly #options: ShownViewOptions;

  constructor(options: ShownViewOptions) {
    this.#options = options;
  }

  see(key: BlockKey, record: BlockRecord): BlockView {
    const now = this.#now();
    return viewOf(record, (lease) => this.#options.sightings.isLive(key, lease, now));
  }

  /** For how long this node still respects `lease`, which it has seen on the block; 0 or less: no more. */
  leaseMs(key: BlockKey, lease: Lease): number {
    return this.#options.sightings.remainingMs(key, lease, this.#now());
  }

  /** The `StateData` part of the block's `.v`. */
  show(key: BlockKey, record: BlockRecord): ValidateInfo {
    const view = this.see(key, record);
    const now = this.#now();
    const { sightings, reservations } = this.#options;
    if (view.lease !== undefined) {
      return fileView(key, view, now.wallMs + sightings.remainingMs(key, view.lease, now));
    }
    const reservedMs = reservations.remainingMs(key);
    const status = view.status === 'idle' && reservedMs > 0 ? 'processing' : view.status;
    return fileView(key, { ...view, status }, now.wallMs + reservedMs);
  }

  #now(): { readonly monotonicMs: number; readonly wallMs: number } {
    const { clock } = this.#options;
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
  }
}
