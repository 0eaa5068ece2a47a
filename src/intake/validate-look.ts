/**
 * Reads a block's `.v` and turns what is new in it into deltas: the record of a valid trailer, or the event that another
 * program wrote.
 *
 * Invariant: nothing enters unchecked. A trailer's record is taken only if every signature in it that is not known
 * already is valid; a file that does not decode goes to quarantine, and the record is written again in its place.
 */

import { decodeRecord, type KeyedRecord } from '../../crdt/block/record-codec.ts';
import { fingerprintOf } from '../../crdt/block/fingerprint.ts';
import { recordOf, type BlockRecord } from '../../crdt/block/record.ts';
import { viewOf } from '../../crdt/block/view.ts';
import { DriftlockError } from '../../crdt/errors.ts';
import type { BlockKey, Hash32 } from '../../crdt/ids.ts';
import { hasRenewalsLeft } from '../../crdt/lease/lease.ts';
import type { Clock } from '../../net/clock.ts';
import type { Author } from '../author/author.ts';
import type { ClockKeeper } from '../clock/clock-keeper.ts';
import type { Quarantine } from '../datadir/quarantine.ts';
import { sameFile, type Disk, type FileIdentity } from '../disk/disk.ts';
import { blockFileName } from '../files/file-names.ts';
import { decodeValidateFile, VALIDATE_FILE_BYTES_MAX, type ValidateFile } from '../files/validate-file.ts';
import type { ValidateInfo } from '../files/validate-info.ts';
import type { LeaseSightings } from '../lease/sightings.ts';
import type { Reservations } from '../reserve/reservations.ts';
import type { SightedDelta, Sighting } from '../store/sighting.ts';
import type { FilePlace, KnownFile } from '../store/file-ledger.ts';
import { readForeignWrite, type ForeignEvent } from './foreign-write.ts';
import { readSettled, SETTLE_MS } from './settled-read.ts';

export interface ValidateLookOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly author: Author;
  readonly sightings: LeaseSightings;
  readonly quarantine: Quarantine;
  readonly pathOf: (key: BlockKey, place: FilePlace) => string;
  /** The block's record, with what this node has said and not yet published. */
  readonly recordOf: (key: BlockKey) => BlockRecord;
  /** Checks the signatures in a record that are not known yet. */
  readonly isAuthentic: (keyed: KeyedRecord) => boolean;
  /** Where our clock stands. */
  readonly clocks: Pick<ClockKeeper, 'standing'>;
  readonly reservations: Pick<Reservations, 'hold'>;
  /** Whether the journal is giving the block's record back: what a power loss tore is then written again at once. */
  readonly isReplaying: (key: BlockKey) => boolean;
  readonly onEvent: (event: IntakeEvent) => void;
}

export type IntakeEvent =
  | { readonly type: 'foreign-write'; readonly key: BlockKey; readonly event: ForeignEvent }
  | { readonly type: 'file-quarantined'; readonly file: string; readonly error: DriftlockError };

const NO_FILE: Sighting = { file: undefined, fingerprint: undefined, deltas: [] };

export class ValidateLook {
  readonly #options: ValidateLookOptions;

  constructor(options: ValidateLookOptions) {
    this.#options = options;
  }

  /** What the block's file holds; undefined when it still is the file that `known` identifies. */
  async look(key: BlockKey, known: KnownFile | undefined): Promise<Sighting | undefined> {
    const { disk, pathOf, isReplaying } = this.#options;
    for (const place of ['primary', 'backup'] as const) {
      const path = pathOf(key, place);
      // A snapshot may know a file that the crash has torn.
      const mayBeKnown = known?.place === place && !isReplaying(key);
      if (mayBeKnown && sameFile(await disk.identify(path), known.identity)) return undefined;
      const sighting = await this.#read(key, place, path);
      if (sighting.file !== undefined) return sighting;
    }
    return NO_FILE;
  }

  async #read(key: BlockKey, place: FilePlace, path: string): Promise<Sighting> {
    const name = blockFileName('validate', key);
    const isReplaying = this.#options.isReplaying(key);
    const settleMs = isReplaying ? 0 : SETTLE_MS;
    const read = await readSettled({ ...this.#options, settleMs }, path, VALIDATE_FILE_BYTES_MAX, (content) =>
      this.#interpret(key, decodeValidateFile(content.bytes, name), { identity: content.identity, place }),
    );
    switch (read.kind) {
      case 'good':
        return read.value;
      case 'bad':
        if (isReplaying) return { ...NO_FILE, file: { identity: read.identity, place } };
        return this.#putAside(path, read.error, read.identity);
      case 'absent':
        return NO_FILE;
    }
  }

  #interpret(key: BlockKey, { trailer, info }: ValidateFile, file: KnownFile): Sighting {
    if (trailer.kind === 'valid') {
      const record = decodeRecord(trailer.record);
      if (!this.#options.isAuthentic({ key, record })) {
        throw badSignature(key);
      }
      return { file, fingerprint: fingerprintOf({ key, record }), deltas: [{ record, origin: 'disk' }] };
    }
    const left = this.#recordLeftIn(key, trailer);
    if (left === undefined) return { file, fingerprint: undefined, deltas: this.#foreignDeltas(key, info) };
    const known: SightedDelta = { record: left, origin: 'disk' };
    const deltas = saysTheSame(info, left) ? [known] : [known, ...this.#foreignDeltas(key, info)];
    return { file, fingerprint: undefined, deltas };
  }

  /**
   * The record behind a file whose trailer does not belong to its beginning: another program has written over that, or a
   * bit of the trailer has rotted. Throws when it is the record that was damaged: what this node and others found must
   * not be taken for what a program here has found.
   */
  #recordLeftIn(key: BlockKey, trailer: ValidateFile['trailer']): BlockRecord | undefined {
    if (trailer.kind !== 'mismatch' || trailer.record === undefined) return undefined;
    const record = decodeRecord(trailer.record);
    if (!this.#options.isAuthentic({ key, record })) throw badSignature(key);
    // Of what is not signed nobody knows whether it is what was written.
    return { ...record, holders: [], blobIds: [] };
  }

  #foreignDeltas(key: BlockKey, info: ValidateInfo): readonly SightedDelta[] {
    const { clock, sightings, author } = this.#options;
    const record = this.#options.recordOf(key);
    const now = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
    const view = viewOf(record, (lease) => sightings.isLive(key, lease, now));
    const own = view.lease?.holder === author.node ? view.lease : undefined;
    const event = readForeignWrite(info, {
      self: author.node,
      record,
      view,
      ownLeaseEndsAtWallMs:
        own === undefined ? undefined : now.wallMs + Math.max(0, sightings.remainingMs(key, own, now)),
      nowWallMs: now.wallMs,
      isSkewed: this.#options.clocks.standing === 'outside',
    });
    this.#options.onEvent({ type: 'foreign-write', key, event });
    const delta = this.#deltaOf(key, event, record);
    const blobIds = [...new Set<Hash32>(info.blobIds)].sort();
    return [{ record: recordOf({ ...delta, blobIds }), origin: 'local' }];
  }

  #deltaOf(key: BlockKey, event: ForeignEvent, record: BlockRecord): Partial<BlockRecord> {
    const { author, clock, reservations } = this.#options;
    switch (event.kind) {
      case 'claim':
        return { lease: author.claim(key, event.epoch, event.durationMs) };
      case 'renewal': {
        const { lease } = record;
        if (lease === undefined || !hasRenewalsLeft(lease)) return {};
        return { lease: author.renew(key, lease, clock.wallMs() - lease.stamp.wallMs, event.durationMs) };
      }
      case 'result':
        return { results: [author.result(key, record.results, event.verdict, event.stateRoot, event.epoch)] };
      case 'local-claim':
        reservations.hold(key, event.durationMs);
        return {};
      case 'nothing':
        return {};
    }
  }

  /** The file is gone from its place; what the record says will be written there. */
  async #putAside(path: string, error: DriftlockError, read: FileIdentity): Promise<Sighting> {
    await this.#options.quarantine.put(path, error, read);
    this.#options.onEvent({ type: 'file-quarantined', file: path, error });
    return NO_FILE;
  }
}

/** Whether a finished file says what its record does, and so needs no other program to have written it. */
function saysTheSame({ status, stateRoot }: ValidateInfo, record: BlockRecord): boolean {
  const view = viewOf(record, () => false);
  const isSame =
    (status === 'Success' && view.status === 'success') || (status === 'Failed' && view.status === 'failed');
  return isSame && view.stateRoot === stateRoot;
}

function badSignature(key: BlockKey): DriftlockError {
  return new DriftlockError('ERR_BAD_SIGNATURE', {
    argument: blockFileName('validate', key),
    expected: 'a record that its authors signed',
    found: 'a signature that does not verify',
  });
}
