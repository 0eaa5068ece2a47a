/**
 * Takes in the `.w` files of this node's directory, whoever wrote them.
 *
 * Invariant: a witness is on the shelf, announced and this node one of its holders only after every byte of its file was
 * checked: read back here, or checked by us as we wrote it. A bad file goes to quarantine and is fetched again from a peer.
 */

import { liveHolders, removeHolder } from '../../crdt/block/holders.ts';
import { hasSuccess, recordOf, type BlockRecord } from '../../crdt/block/record.ts';
import type { WitnessAnnouncement } from '../../crdt/block/witness.ts';
import { blockId, type BlockKey } from '../../crdt/ids.ts';
import type { Lease } from '../../crdt/lease/lease.ts';
import type { Clock } from '../../net/clock.ts';
import type { Author } from '../author/author.ts';
import type { WriteOutcome } from '../datadir/durable-writer.ts';
import type { Quarantine } from '../datadir/quarantine.ts';
import { sameFile, type Disk, type FileIdentity } from '../disk/disk.ts';
import { blockFileName } from '../files/file-names.ts';
import type { WitnessFields } from '../files/witness-status.ts';
import { settled } from '../intake/settled-read.ts';
import type { IntakeEvent } from '../intake/validate-look.ts';
import type { LeaseSightings } from '../lease/sightings.ts';
import { KeyedMutex } from '../store/keyed-mutex.ts';
import type { BlockStore } from '../store/block-store.ts';
import type { FileLedger, FilePlace } from '../store/file-ledger.ts';
import { newsOfWitness } from './announce.ts';
import { readGenerationLock, type GenerationEvent } from './generation-lock.ts';
import type { GenerationLocks } from './generation-locks.ts';
import type { WitnessShelf } from './shelf.ts';
import { readWitnessFacts, type WitnessFacts } from './witness-facts.ts';

export interface WitnessIntakeOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly author: Author;
  readonly store: BlockStore;
  readonly shelf: WitnessShelf;
  readonly quarantine: Quarantine;
  readonly files: FileLedger;
  readonly generations: LeaseSightings;
  readonly locks: GenerationLocks;
  /** Where the block's witness is looked for: in the first place, then in the archive. */
  readonly pathOf: (key: BlockKey, place: FilePlace) => string;
  readonly onEvent: (event: IntakeEvent) => void;
  /** A witness that nobody had announced stands in this node's directory. */
  readonly onAnnounced: (key: BlockKey) => void;
  /** The block's witness came, changed or went. */
  readonly onShelfChanged: (key: BlockKey) => void;
  /** What stood for the block's witness is in quarantine. */
  readonly onSpoiled: (key: BlockKey) => void;
}

export class WitnessIntake {
  readonly #options: WitnessIntakeOptions;
  readonly #mutex = new KeyedMutex();

  constructor(options: WitnessIntakeOptions) {
    this.#options = options;
  }

  /** Looks at the block's witness file if it changed since the last look. */
  async takeIn(key: BlockKey): Promise<void> {
    await this.#mutex.run(blockId(key), () => this.#takeInLocked(key));
  }

  /** Takes in the file in `place`, which was read and need not be read again. */
  async adopt(key: BlockKey, place: FilePlace, facts: WitnessFacts): Promise<void> {
    await this.#mutex.run(blockId(key), async () => this.#interpret(key, place, facts));
  }

  /**
   * Runs `write`, which gives the block's witness its place, and takes in what stands there then: of what this node wrote, by
   * `factsOf`. Nothing looks at the file in between, though its watcher sees it before it is durable. Tells whether a witness is
   * there. Throws as `write` does.
   */
  place(
    key: BlockKey,
    place: FilePlace,
    write: () => Promise<WriteOutcome>,
    factsOf: (identity: FileIdentity) => WitnessFacts,
  ): Promise<boolean> {
    return this.#mutex.run(blockId(key), async () => {
      const outcome = await write();
      if (outcome.replaced) this.#interpret(key, place, factsOf(outcome.identity));
      // Another program was faster: what it wrote is looked at like anything that it writes.
      else await this.#takeInLocked(key);
      return this.#options.shelf.has(key);
    });
  }

  /** A record may say that this node holds a witness whose file went away while nobody was looking. */
  async recheck(key: BlockKey): Promise<void> {
    const { store, shelf, author } = this.#options;
    if (!shelf.has(key) && liveHolders(store.replica.get(key).holders).includes(author.node)) await this.takeIn(key);
  }

  /** Runs `task` while nothing here touches the block's `.w`. */
  exclusively(key: BlockKey, task: () => Promise<void>): Promise<void> {
    return this.#mutex.run(blockId(key), task);
  }

  /** Resolves once no look is under way. */
  idle(): Promise<void> {
    return this.#mutex.idle();
  }

  async #takeInLocked(key: BlockKey): Promise<void> {
    const { disk, files, pathOf, quarantine, onEvent } = this.#options;
    const known = files.known('witness', key);
    let isSpoiled = false;
    for (const place of ['primary', 'backup'] as const) {
      const path = pathOf(key, place);
      if (known?.place === place && sameFile(await disk.identify(path), known.identity)) return;
      const read = await settled(this.#options, path, async () => {
        const facts = await readWitnessFacts(disk, path, blockFileName('witness', key));
        return facts === undefined ? undefined : { value: facts };
      });
      if (read.kind === 'good') {
        this.#interpret(key, place, read.value);
        return;
      }
      if (read.kind === 'absent') continue;
      await quarantine.put(path, read.error, read.identity);
      onEvent({ type: 'file-quarantined', file: path, error: read.error });
      isSpoiled = true;
    }
    this.#gone(key);
    if (isSpoiled) this.#options.onSpoiled(key);
  }

  #interpret(key: BlockKey, place: FilePlace, { fields, identity, ...payload }: WitnessFacts): void {
    const { store, shelf, files, locks, author, onShelfChanged } = this.#options;
    files.note('witness', key, { identity, place });
    const record = store.replica.get(key);
    if (fields.status === 'Idle' || fields.status === 'Processing') {
      this.#takeInLock(key, fields, identity, record);
      return;
    }
    locks.forget(key);
    const { status: state, parentHash, preStateRoot, lockTimeSeconds, blobIds } = fields;
    const { payloadDigest, payloadBytes } = payload;
    const isFinished = hasSuccess(record.results);
    shelf.put(key, { state, ...payload }, isFinished ? undefined : { parentHash, preStateRoot });
    const news = newsOfWitness(
      { state, payloadDigest, payloadBytes, blobIdCount: blobIds.length },
      record,
      author.node,
    );
    const witnesses: WitnessAnnouncement[] = [];
    if (news.announce) {
      const terms = {
        state,
        payloadDigest,
        payloadBytes,
        parentHash,
        preStateRoot,
        lockTimeSeconds,
        blobIds,
      };
      witnesses.push(author.announcement(key, terms));
    }
    if (news.reason === 'new-payload') this.#options.onAnnounced(key);
    store.merge({ key, record: recordOf({ witnesses, holders: news.holders }) }, 'local');
    if (record.settled) shelf.settle(key);
    onShelfChanged(key);
  }

  /** A generator on this machine has locked the witness: its lock becomes a lease that the others see. */
  #takeInLock(key: BlockKey, status: WitnessFields, identity: FileIdentity, record: BlockRecord): void {
    const { author, clock, store, generations, locks } = this.#options;
    if (locks.isOwn(key, identity)) return;
    locks.noteForeign(key, identity);
    if (status.status === 'Processing') {
      const now = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
      const { generation: known } = record;
      const event = readGenerationLock(status.lockTimeSeconds, {
        self: author.node,
        record,
        remainingMs: known === undefined ? 0 : generations.remainingMs(key, known, now),
        nowWallMs: now.wallMs,
      });
      const generation = this.#generationOf(key, event, known);
      if (generation !== undefined) store.merge({ key, record: recordOf({ generation }) }, 'local');
    }
    locks.consider(key);
  }

  #generationOf(key: BlockKey, event: GenerationEvent, known: Lease | undefined): Lease | undefined {
    const { author, clock } = this.#options;
    if (event.kind === 'claim') return author.generationClaim(key, event.epoch, event.durationMs);
    if (event.kind !== 'renewal' || known === undefined) return undefined;
    return author.renewGeneration(key, known, clock.wallMs() - known.stamp.wallMs, event.durationMs);
  }

  #gone(key: BlockKey): void {
    const { shelf, files, store, author, locks, onShelfChanged } = this.#options;
    files.forget('witness', key);
    locks.forget(key);
    const { holders } = store.replica.get(key);
    const wasHolder = removeHolder(holders, author.node);
    if (!shelf.has(key) && wasHolder.length === 0) return;
    shelf.remove(key);
    store.merge({ key, record: recordOf({ holders: wasHolder }) }, 'local');
    onShelfChanged(key);
  }
}
