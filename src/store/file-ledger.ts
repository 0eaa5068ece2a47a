/**
 * Which file of each block was taken in last: where it lies, what identifies it, and which record a `.v` held. It tells what
 * changed since without reading anything.
 *
 * Invariant: an entry stands for content that this node read whole or wrote itself. 52 bytes a block for both of its files.
 */

import type { Fingerprint } from '../../crdt/block/fingerprint.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { wordAt } from '../../net/reconcile/index/words.ts';
import type { FileIdentity } from '../disk/disk.ts';
import { EXTENSIONS, type BlockFileKind } from '../files/file-names.ts';
import type { BlockTable } from '../replica/block-table.ts';
import { BigColumn, NumberColumn } from '../replica/columns.ts';
import { NO_SLOT } from '../replica/slot-index.ts';

/** `primary`: in `validate/` or `witness/`, where everyone looks first. */
export type FilePlace = 'primary' | 'backup';

export interface KnownFile {
  readonly identity: FileIdentity;
  readonly place: FilePlace;
}

/** No file has it. */
const NO_INODE = 0n;

const PLACES: readonly (FilePlace | undefined)[] = [undefined, 'primary', 'backup'];

/** What is kept of the files of one kind. */
class FileColumns {
  readonly inodes = new BigColumn();
  readonly modifiedNs = new BigColumn();
  /** No file that is taken in is larger than 256 MiB. */
  readonly sizesBytes = new NumberColumn(Uint32Array);
  readonly places = new NumberColumn(Uint8Array);
  /** The number of the last scan that saw the file, modulo 256. */
  readonly scans = new NumberColumn(Uint8Array);
  scan = 0;
}

export class FileLedger {
  readonly #blocks: BlockTable;
  readonly #kinds: Readonly<Record<BlockFileKind, FileColumns>> = {
    validate: new FileColumns(),
    witness: new FileColumns(),
  };
  /** The lower half of the fingerprint of the record in the `.v`; 0: it holds none. */
  readonly #recordTags = new BigColumn();

  constructor(blocks: BlockTable) {
    this.#blocks = blocks;
  }

  known(kind: BlockFileKind, key: BlockKey): KnownFile | undefined {
    const slot = this.#blocks.slotOf(key);
    return slot === NO_SLOT ? undefined : this.knownAt(kind, slot);
  }

  has(kind: BlockFileKind, key: BlockKey): boolean {
    const slot = this.#blocks.slotOf(key);
    return slot !== NO_SLOT && this.#kinds[kind].places.get(slot) !== 0;
  }

  /** Whether the file that is named so is known; false for a name that is no block's. */
  hasNamed(kind: BlockFileKind, name: string): boolean {
    const slot = name.endsWith(EXTENSIONS[kind])
      ? this.#blocks.slotOfText(name, name.length - EXTENSIONS[kind].length)
      : NO_SLOT;
    return slot !== NO_SLOT && this.#kinds[kind].places.get(slot) !== 0;
  }

  knownAt(kind: BlockFileKind, slot: number): KnownFile | undefined {
    const { inodes, modifiedNs, sizesBytes, places } = this.#kinds[kind];
    const place = PLACES[places.get(slot)];
    if (place === undefined) return undefined;
    return {
      identity: { inode: inodes.get(slot), sizeBytes: sizesBytes.get(slot), modifiedNs: modifiedNs.get(slot) },
      place,
    };
  }

  /** The file was read or written. */
  note(kind: BlockFileKind, key: BlockKey, { identity, place }: KnownFile): void {
    this.noteAt(kind, this.#blocks.claim(key), { identity, place });
  }

  noteAt(kind: BlockFileKind, slot: number, { identity, place }: KnownFile): void {
    const columns = this.#kinds[kind];
    columns.inodes.set(slot, identity.inode);
    columns.sizesBytes.set(slot, identity.sizeBytes);
    columns.modifiedNs.set(slot, identity.modifiedNs);
    columns.places.set(slot, PLACES.indexOf(place));
    // Whoever noted it saw it: a scan that passed its name before does not take it for gone.
    columns.scans.set(slot, columns.scan);
  }

  /** The file is still known to be there, but in no state: the next look reads it, whatever its identity. */
  distrust(kind: BlockFileKind, key: BlockKey): void {
    const slot = this.#blocks.slotOf(key);
    if (slot !== NO_SLOT) this.#kinds[kind].inodes.set(slot, NO_INODE);
  }

  /** There is no such file any more. */
  forget(kind: BlockFileKind, key: BlockKey): void {
    const slot = this.#blocks.slotOf(key);
    if (slot === NO_SLOT) return;
    this.#kinds[kind].places.set(slot, 0);
    if (kind === 'validate') this.#recordTags.set(slot, 0n);
  }

  /** The block's `.v` holds the record with this fingerprint; undefined: it holds none. */
  noteRecord(key: BlockKey, fingerprint: Fingerprint | undefined): void {
    this.noteRecordAt(this.#blocks.claim(key), fingerprint);
  }

  noteRecordAt(slot: number, fingerprint: Fingerprint | undefined): void {
    this.#recordTags.set(slot, fingerprint === undefined ? 0n : tagOf(fingerprint));
  }

  /** As `noteRecordAt`, for a fingerprint's 16 bytes. */
  adoptRecordAt(slot: number, fingerprint: Uint8Array): void {
    this.#recordTags.setHalves(slot, wordAt(fingerprint, 8), wordAt(fingerprint, 12));
  }

  /** Whether the block's `.v` holds the record with this fingerprint. */
  holdsRecord(key: BlockKey, fingerprint: Fingerprint): boolean {
    return this.holdsRecordAt(this.#blocks.slotOf(key), fingerprint);
  }

  holdsRecordAt(slot: number, fingerprint: Fingerprint): boolean {
    return slot !== NO_SLOT && this.#recordTags.get(slot) === tagOf(fingerprint);
  }

  /** Files that are known. */
  count(): number {
    let count = 0;
    for (let slot = 0; slot < this.#blocks.slotsEnd; slot++) {
      for (const { places } of Object.values(this.#kinds)) if (places.get(slot) !== 0) count++;
    }
    return count;
  }

  /** From here on, {@link meet} counts for the scan that begins. */
  beginScan(kind: BlockFileKind): void {
    const columns = this.#kinds[kind];
    columns.scan = (columns.scan + 1) % 256;
  }

  /** A scan met this file. Whether it is the one that is known; for the other place of a block the answer is no. */
  meet(kind: BlockFileKind, key: BlockKey, { identity, place }: KnownFile): boolean {
    const slot = this.#blocks.slotOf(key);
    if (slot === NO_SLOT) return false;
    const columns = this.#kinds[kind];
    if (PLACES[columns.places.get(slot)] !== place) return false;
    columns.scans.set(slot, columns.scan);
    return (
      columns.inodes.get(slot) === identity.inode &&
      columns.modifiedNs.get(slot) === identity.modifiedNs &&
      columns.sizesBytes.get(slot) === identity.sizeBytes
    );
  }

  /** Blocks whose file is known in `place`, and which the scan did not meet there. */
  *unmet(kind: BlockFileKind, place: FilePlace): Generator<BlockKey> {
    const { places, scans, scan } = this.#kinds[kind];
    for (let slot = 0; slot < this.#blocks.slotsEnd; slot++) {
      if (PLACES[places.get(slot)] === place && scans.get(slot) !== scan) yield this.#blocks.keyOf(slot);
    }
  }
}

/** Half of a fingerprint: two records of one block share it by chance once in 2^64. */
function tagOf(fingerprint: Fingerprint): bigint {
  return BigInt.asUintN(64, fingerprint);
}
