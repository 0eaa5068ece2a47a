/**
 * Keeps a snapshot of the finished blocks in `.driftlock/index/`, so that a node that starts again reads only the files that
 * changed since.
 *
 * Invariants:
 * - The files are the store; the snapshot is a memory of having read them. What it says of a file counts only while that
 *   file's identity (inode, size, time) is what the snapshot says, which the scan at start checks for each of them.
 * - A crash at any moment leaves a whole snapshot, the new one or the one before, or none. Parts are synced before the
 *   manifest names them, and removed only after no manifest does.
 */

import { join } from 'node:path';
import { blake3Hash } from '../../crdt/hash.ts';
import type { NodeId } from '../../crdt/ids.ts';
import type { Disk } from '../disk/disk.ts';
import { entryBytes, readEntries, writeEntry, type SnapshotEntry } from './entry.ts';
import {
  decodeManifest,
  encodeManifest,
  MANIFEST_BYTES_MAX,
  SNAPSHOT_PARTS_MAX,
  type Manifest,
  type SnapshotPart,
} from './manifest.ts';

/** Beyond it a part is closed: some 4,000 blocks, 10 ms of work between two turns of the event loop. */
const PART_BYTES_TARGET = 1024 * 1024;
/** A part is closed after the entry that exceeds the target, and an entry is at most a record and its surroundings. */
const PART_BYTES_MAX = 2 * PART_BYTES_TARGET;
const MANIFEST_NAME = 'manifest';

export interface SnapshotStoreOptions {
  readonly disk: Disk;
  /** Exists, and belongs to this store alone. */
  readonly directory: string;
  readonly owner: NodeId;
}

/** What a snapshot is made of. */
export interface SnapshotSource {
  entries(): Iterable<SnapshotEntry>;
  /** Read after the last entry: every node that one of them names. */
  nodes(): readonly NodeId[];
}

export interface SnapshotTarget {
  /** Called once, before the first entry. */
  begin(nodes: readonly NodeId[]): void;
  add(entry: SnapshotEntry): void;
}

export class SnapshotStore {
  readonly #options: SnapshotStoreOptions;
  #generation = 0;

  constructor(options: SnapshotStoreOptions) {
    this.#options = options;
  }

  /** Writes a new snapshot in place of the one before. Throws a `DiskError`; then that one still stands. */
  async write(source: SnapshotSource): Promise<void> {
    const { disk, directory, owner } = this.#options;
    const generation = this.#generation + 1;
    await this.#removeAllBut(this.#generation);
    const parts: SnapshotPart[] = [];
    for (const bytes of partsOf(source.entries())) {
      if (parts.length === SNAPSHOT_PARTS_MAX) break;
      await disk.create(this.#partPath(generation, parts.length), bytes, { sync: true });
      parts.push({ sizeBytes: bytes.length, digest: blake3Hash(bytes) });
    }
    const manifest = encodeManifest({ owner, generation, nodes: source.nodes(), parts });
    const temporary = join(directory, `${generation}.manifest`);
    await disk.create(temporary, manifest, { sync: true });
    await disk.syncDirectory(directory);
    await disk.move(temporary, join(directory, MANIFEST_NAME));
    await disk.syncDirectory(directory);
    this.#generation = generation;
    await this.#removeAllBut(generation);
  }

  /**
   * Gives the snapshot to `target`: all of it, or what comes before the first part that is damaged. False when there is none
   * of this node.
   */
  async read(target: SnapshotTarget): Promise<boolean> {
    const manifest = await this.#readManifest();
    if (manifest === undefined) return false;
    this.#generation = manifest.generation;
    if (manifest.owner !== this.#options.owner) return false;
    target.begin(manifest.nodes);
    for (let at = 0; at < manifest.parts.length; at++) {
      const bytes = await this.#readPart(manifest, at);
      // What was given so far is true all the same; the blocks that are missing are read from their files.
      if (bytes === undefined) break;
      for (const entry of readEntries(bytes)) target.add(entry);
    }
    return true;
  }

  async #readManifest(): Promise<Manifest | undefined> {
    const { disk, directory } = this.#options;
    const content = await disk.read(join(directory, MANIFEST_NAME), MANIFEST_BYTES_MAX);
    return content === undefined ? undefined : decodeManifest(content.bytes);
  }

  async #readPart(manifest: Manifest, at: number): Promise<Uint8Array | undefined> {
    const part = manifest.parts[at];
    if (part === undefined || part.sizeBytes > PART_BYTES_MAX) return undefined;
    const content = await this.#options.disk.read(this.#partPath(manifest.generation, at), PART_BYTES_MAX);
    if (content === undefined || blake3Hash(content.bytes) !== part.digest) return undefined;
    return content.bytes;
  }

  /** Precondition: no manifest names a part of another generation. */
  async #removeAllBut(generation: number): Promise<void> {
    const { disk, directory } = this.#options;
    for (const name of await disk.list(directory)) {
      if (name !== MANIFEST_NAME && !name.startsWith(`${generation}.`)) await disk.remove(join(directory, name));
    }
  }

  #partPath(generation: number, at: number): string {
    return join(this.#options.directory, `${generation}.${at}.part`);
  }
}

function* partsOf(entries: Iterable<SnapshotEntry>): Generator<Uint8Array> {
  const buffer = new Uint8Array(PART_BYTES_MAX);
  let filled = 0;
  for (const entry of entries) {
    const size = entryBytes(entry);
    writeEntry(entry, buffer.subarray(filled, filled + size));
    filled += size;
    if (filled < PART_BYTES_TARGET) continue;
    yield buffer.slice(0, filled);
    filled = 0;
  }
  if (filled > 0) yield buffer.slice(0, filled);
}
