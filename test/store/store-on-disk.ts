/** A block store with its real writer and look, on a disk in memory and in virtual time. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { recordOf, type BlockRecord } from '../../crdt/block/record.ts';
import { viewOf } from '../../crdt/block/view.ts';
import type { BlockKey, Hash32 } from '../../crdt/ids.ts';
import { Author } from '../../src/author/author.ts';
import { backupDirectory, datadirLayout } from '../../src/datadir/layout.ts';
import { prepareDatadir } from '../../src/datadir/prepare.ts';
import { Quarantine } from '../../src/datadir/quarantine.ts';
import type { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import { decodeValidateFile, VALIDATE_FILE_BYTES_MAX, type ValidateFile } from '../../src/files/validate-file.ts';
import { authenticIn } from '../../src/intake/authentic.ts';
import { ValidateLook, type IntakeEvent } from '../../src/intake/validate-look.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { LeaseSightings } from '../../src/lease/sightings.ts';
import { Replica } from '../../src/replica/replica.ts';
import type { BlockStore, StoreChange } from '../../src/store/block-store.ts';
import { FileLedger, type FilePlace } from '../../src/store/file-ledger.ts';
import { JournaledStore } from '../../src/store/journaled-store.ts';
import { fileView } from '../../src/store/validate-view.ts';
import { SignedNodes } from '../net/signed-nodes.ts';
import { seededRandom } from '../../src/sim/seeded-random.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';

export const LAYOUT = datadirLayout('/data');
export const BOUNDS = { driftRate: 0.0002, deliveryMarginMs: 500, skewBoundMs: 500 };

export interface StoreOnDisk {
  readonly journaled: JournaledStore;
  readonly store: BlockStore;
  readonly journal: Journal;
  readonly replica: Replica;
  readonly clock: VirtualClock;
  readonly author: Author;
  /** Other members. */
  readonly peers: readonly Author[];
  readonly quarantine: Quarantine;
  readonly changes: readonly StoreChange[];
  readonly events: readonly IntakeEvent[];
  readonly writeErrors: readonly unknown[];
}

export interface StoreOptions {
  readonly onChange?: (change: StoreChange) => void;
}

export async function openStore(disk: MemoryDisk, { onChange }: StoreOptions = {}): Promise<StoreOnDisk> {
  await prepareDatadir(disk, LAYOUT);
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const nodes = new SignedNodes();
  const authorOf = (n: number): Author => new Author({ ...nodes.make(n), clock, skewBoundMs: BOUNDS.skewBoundMs });
  const author = authorOf(1);
  const peers = [authorOf(2), authorOf(3), authorOf(4)];
  const replica = new Replica();
  const sightings = new LeaseSightings(BOUNDS, () => undefined);
  const quarantine = new Quarantine({ disk, clock, random, directory: LAYOUT.quarantine });
  const changes: StoreChange[] = [];
  const events: IntakeEvent[] = [];
  const writeErrors: unknown[] = [];
  const isAuthentic = authenticIn(replica, nodes.verify);
  const look: ValidateLook = new ValidateLook({
    disk,
    clock,
    author,
    sightings,
    quarantine,
    pathOf: pathIn,
    recordOf: (key) => journaled.store.recordToCome(key),
    isAuthentic,
    clocks: { standing: 'within' },
    reservations: { hold: () => assert.fail('a clock within the bound') },
    isReplaying: (key) => journaled.journal.isReplaying(key),
    onEvent: (event) => events.push(event),
  });
  const journaled = new JournaledStore({
    world: { disk, clock, random, layout: LAYOUT },
    replica,
    files: new FileLedger(replica.blocks),
    isAuthentic,
    fileViewOf: (key, record) => {
      const now = { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
      const view = viewOf(record, (lease) => sightings.isLive(key, lease, now));
      const remainingMs = view.lease === undefined ? 0 : sightings.remainingMs(key, view.lease, now);
      return fileView(key, view, now.wallMs + remainingMs);
    },
    look: (key, known) => look.look(key, known),
    onChange: (change) => {
      changes.push(change);
      onChange?.(change);
    },
    onWriteError: (_file, error) => writeErrors.push(error),
  });
  return {
    journaled,
    store: journaled.store,
    journal: journaled.journal,
    replica,
    clock,
    author,
    peers,
    quarantine,
    changes,
    events,
    writeErrors,
  };
}

function pathIn(key: BlockKey, place: FilePlace): string {
  return place === 'primary' ? pathOf(key) : backupPathOf(key);
}

export function pathOf(key: BlockKey): string {
  return join(LAYOUT.validate, blockFileName('validate', key));
}

export function backupPathOf(key: BlockKey): string {
  return join(backupDirectory(LAYOUT, key.number), blockFileName('validate', key));
}

export function success(author: Author, key: BlockKey, stateRoot: Hash32, epoch = 0): BlockRecord {
  return recordOf({ results: [author.result(key, [], 'success', stateRoot, epoch)] });
}

export async function readValidateFile(disk: MemoryDisk, key: BlockKey): Promise<ValidateFile | undefined> {
  const content = await disk.read(pathOf(key), VALIDATE_FILE_BYTES_MAX);
  return content === undefined ? undefined : decodeValidateFile(content.bytes, blockFileName('validate', key));
}

/** Writes a file as another program does: beside its place, then renamed, and on disk. */
export async function writeFile(disk: MemoryDisk, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(LAYOUT.root, 'foreign.tmp');
  await disk.makeDirectory(join(path, '..'));
  await disk.create(temporary, bytes, { sync: true });
  await disk.move(temporary, path);
  await disk.syncDirectory(join(path, '..'));
}
