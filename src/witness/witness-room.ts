/**
 * All that has to do with a node's witnesses, put together: those in its directory, those it fetches and serves, and the
 * locks of their generators.
 *
 * Invariant: the place of a block's witness is written by these parts alone, each of which looks at what stands there
 * first.
 */

import type { BlockKey, Hash32 } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import type { Network } from '../../net/network.ts';
import { WITNESS_PROTOCOL } from '../../net/witness/messages.ts';
import { witnessHandler } from '../../net/witness/serve.ts';
import type { Author } from '../author/author.ts';
import type { DurableWriter } from '../datadir/durable-writer.ts';
import type { Quarantine } from '../datadir/quarantine.ts';
import type { Disk } from '../disk/disk.ts';
import type { IntakeEvent } from '../intake/validate-look.ts';
import type { LeaseSightings } from '../lease/sightings.ts';
import type { Change } from '../replica/replica.ts';
import type { BlockStore } from '../store/block-store.ts';
import { WitnessFetcher, type WitnessEvent } from './fetcher.ts';
import { GenerationLocks } from './generation-locks.ts';
import { WitnessIntake } from './intake.ts';
import { readShelved } from './payload.ts';
import { WitnessShelf } from './shelf.ts';

export interface WitnessRoomOptions {
  readonly network: Network;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly author: Author;
  readonly store: BlockStore;
  readonly quarantine: Quarantine;
  readonly writer: DurableWriter;
  /** Of generators' leases. */
  readonly sightings: LeaseSightings;
  readonly pathOf: (key: BlockKey) => string;
  readonly backupPathOf: (key: BlockKey) => string;
  /** See `WitnessFetcherOptions`. */
  readonly beforeVisible: (key: BlockKey) => Promise<void>;
  /** See `WitnessIntakeOptions`. */
  readonly onAnnounced: (key: BlockKey) => void;
  readonly onShelfChanged: (key: BlockKey) => void;
  readonly onEvent: (event: IntakeEvent | WitnessEvent) => void;
  readonly onWriteError: (file: string, error: unknown) => void;
}

export class WitnessRoom {
  readonly shelf = new WitnessShelf();
  readonly fetcher: WitnessFetcher;
  readonly #options: WitnessRoomOptions;
  readonly #intake: WitnessIntake;
  readonly #locks: GenerationLocks;

  constructor(options: WitnessRoomOptions) {
    this.#options = options;
    const { network, clock, author, sightings, pathOf, backupPathOf, onWriteError } = options;
    const { shelf } = this;
    const locks = (this.#locks = new GenerationLocks({
      ...options,
      self: author.node,
      shelf,
      sightings,
      takeIn: (key) => this.takeIn(key),
      onWriteError: (key, error) => onWriteError(pathOf(key), error),
    }));
    const generations = sightings;
    const pathsOf = (key: BlockKey): readonly string[] => [pathOf(key), backupPathOf(key)];
    this.#intake = new WitnessIntake({ ...options, shelf, generations, locks, pathsOf });
    this.fetcher = new WitnessFetcher({ ...options, shelf, intake: this.#intake, locks });
    network.serve(
      WITNESS_PROTOCOL,
      witnessHandler((digest) => this.#payloadOf(digest), clock),
    );
  }

  /** Looks at the block's witness file if it changed since the last look. */
  takeIn(key: BlockKey): Promise<void> {
    return this.#intake.takeIn(key);
  }

  /** A block's record changed. */
  note({ key, before, after }: Change): void {
    const { sightings, clock } = this.#options;
    if (after.witnesses.length > 0) sightings.forget(key);
    if (after.generation === undefined || after.generation === before.generation) return;
    // It is first seen when it arrives, not when somebody asks about it.
    sightings.remainingMs(key, after.generation, { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() });
    this.#locks.consider(key);
  }

  /** Resolves once no file is looked at or written. */
  async idle(): Promise<void> {
    await this.#intake.idle();
    await this.#locks.idle();
  }

  async #payloadOf(payloadDigest: Hash32): Promise<Uint8Array | undefined> {
    const held = this.shelf.withDigest(payloadDigest);
    return held === undefined ? undefined : (await readShelved(this.#options.disk, held))?.witnessData;
  }
}
