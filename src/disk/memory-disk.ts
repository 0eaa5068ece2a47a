/**
 * A disk in memory, with the machine's semantics and without its chance: the same calls in the same order give the same
 * inodes, times and events. Tests and the simulator crash it, fill it and make its calls fail.
 *
 * Invariants: each call takes effect at one moment, after `beforeOperation` has let it pass, so calls interleave as on
 * a real disk; a sync makes durable what was there when it began, and nothing later; after `crash` the old disk answers
 * nothing, and no call that was under way changes the new one.
 */

import { isAbsolute, join } from 'node:path';
import { invariant } from '../../crdt/invariant.ts';
import type { RandomInteger } from '../../net/clock.ts';
import {
  DiskError,
  sameFile,
  type Disk,
  type DiskCode,
  type FileContent,
  type FileIdentity,
  type Placement,
  type PlacementOutcome,
  type ScannedFile,
} from './disk.ts';
import { afterPowerLoss, flipBit, identityOf, type MemoryInode } from './memory-inode.ts';
import { MemoryNames, nameOf, parentOf } from './memory-names.ts';
import { placeEach } from './place.ts';

/** Those that are no sum of others. */
export type DiskOperation = Exclude<keyof Disk, 'watch' | 'place' | 'names' | 'readBatch'>;

export interface MemoryDiskOptions {
  /**
   * Awaited before each operation takes effect, with the path it acts on; `create` with sync and `append` ask twice, the
   * second time as `syncFile`. What it throws is what the operation throws, without effect. While it waits, others go
   * ahead.
   */
  readonly beforeOperation?: (operation: DiskOperation, path: string) => Promise<void> | void;
  /** Room for the content of all files, in bytes; without limit when absent. */
  readonly capacityBytes?: number;
}

type Listener = (name: string | undefined) => void;

export class MemoryDisk implements Disk {
  readonly #options: MemoryDiskOptions;
  readonly #names: MemoryNames;
  readonly #listeners = new Map<string, Set<Listener>>();
  #capacityBytes: number;
  #usedBytes = 0;
  #nextInode = 1n;
  #nowNs = 0n;
  #crashed = false;

  constructor(options: MemoryDiskOptions = {}, names: MemoryNames = new MemoryNames()) {
    this.#options = options;
    this.#capacityBytes = options.capacityBytes ?? Infinity;
    this.#names = names;
    for (const inode of names.inodes()) {
      this.#usedBytes += inode.bytes.length;
      if (inode.number >= this.#nextInode) this.#nextInode = inode.number + 1n;
      if (inode.modifiedNs > this.#nowNs) this.#nowNs = inode.modifiedNs;
    }
  }

  /** Changes the room there is; files that exceed it stay. */
  resize(capacityBytes: number): void {
    this.#capacityBytes = capacityBytes;
  }

  /**
   * Power loss: the disk as the next boot finds it; this one is dead from now on. Without `random` all that was not
   * synced is lost; with it, `random` says how much of the unsynced names and of each unsynced content survived.
   */
  crash(random: RandomInteger = () => 0, options: MemoryDiskOptions = this.#options): MemoryDisk {
    this.#crashed = true;
    this.#listeners.clear();
    const survivors = new Map<MemoryInode, MemoryInode>();
    const names = this.#names.afterPowerLoss(random);
    for (const directory of names.values()) {
      for (const [name, inode] of directory) {
        const survivor = survivors.get(inode) ?? afterPowerLoss(inode, random);
        survivor.links++;
        survivors.set(inode, survivor);
        directory.set(name, survivor);
      }
    }
    return new MemoryDisk(options, new MemoryNames(names));
  }

  /** What another program does that opens `path`, empties and rewrites it in place: the same inode, a new time. */
  overwrite(path: string, bytes: Uint8Array): void {
    const inode = this.#existing(path);
    inode.durableBytes = new Uint8Array();
    this.#setContent(inode, new Uint8Array(bytes));
    this.#notify(path);
  }

  /**
   * Flips a bit that `random` chooses, on the platter and without a sign: the file's identity stays, nobody is told.
   * Returns which; undefined when there is no such file, or nothing in it.
   */
  rot(path: string, random: RandomInteger): number | undefined {
    const inode = this.#names.get(path);
    return inode === undefined || inode.bytes.length === 0 ? undefined : flipBit(inode, random);
  }

  read(path: string, maxBytes: number): Promise<FileContent | undefined> {
    return this.#take('read', path, () => {
      const inode = this.#names.get(path);
      if (inode === undefined) return undefined;
      if (inode.bytes.length > maxBytes) {
        throw failure('ERR_OVER_LIMIT', path, `at most ${maxBytes} bytes`, `${inode.bytes.length}`);
      }
      return { bytes: new Uint8Array(inode.bytes), identity: identityOf(inode) };
    });
  }

  readRange(path: string, offset: number, lengthBytes: number, into?: Uint8Array): Promise<FileContent | undefined> {
    return this.#take('readRange', path, () => {
      const inode = this.#names.get(path);
      if (inode === undefined) return undefined;
      const bytes = inode.bytes.slice(offset, offset + lengthBytes);
      into?.set(bytes);
      return { bytes: into?.subarray(0, bytes.length) ?? bytes, identity: identityOf(inode) };
    });
  }

  readBatch(paths: readonly string[], maxBytes: number): Promise<readonly (FileContent | undefined)[]> {
    return Promise.all(
      paths.map((path) =>
        this.read(path, maxBytes).catch((error: unknown) => {
          if (!(error instanceof DiskError)) throw error;
          return undefined;
        }),
      ),
    );
  }

  identify(path: string): Promise<FileIdentity | undefined> {
    return this.#take('identify', path, () => {
      const inode = this.#names.get(path);
      return inode === undefined ? undefined : identityOf(inode);
    });
  }

  list(directory: string): Promise<string[]> {
    return this.#take('list', directory, () => {
      this.#refuseFile(directory);
      return this.#names.namesIn(directory);
    });
  }

  async *scan(directory: string): AsyncGenerator<readonly ScannedFile[]> {
    yield await this.#take('scan', directory, () => {
      this.#refuseFile(directory);
      return this.#names.namesIn(directory).map((name) => {
        const inode = this.#names.get(join(directory, name));
        return { name, identity: inode === undefined ? undefined : identityOf(inode) };
      });
    });
  }

  async *names(directory: string): AsyncGenerator<readonly string[]> {
    yield await this.list(directory);
  }

  listDirectories(directory: string): Promise<string[]> {
    return this.#take('listDirectories', directory, () => {
      this.#refuseFile(directory);
      return this.#names.directoriesIn(directory);
    });
  }

  makeDirectory(directory: string): Promise<void> {
    invariant(isAbsolute(directory), 'paths are absolute');
    return this.#take('makeDirectory', directory, () => {
      const missing: string[] = [];
      for (let path = directory; !this.#names.hasDirectory(path); path = parentOf(path)) {
        this.#refuseFile(path);
        missing.unshift(path);
      }
      for (const path of missing) this.#names.addDirectory(path);
    });
  }

  async create(path: string, bytes: Uint8Array, options: { readonly sync: boolean }): Promise<FileIdentity> {
    const content = new Uint8Array(bytes);
    const inode = await this.#take('create', path, () => {
      this.#requireParent(path);
      if (this.#names.get(path) !== undefined) throw failure('ERR_EXISTS', path, 'no entry of that name', 'one');
      this.#requireRoom(content.length, path);
      const made = this.#addFile(path);
      this.#setContent(made, content);
      this.#notify(path);
      return made;
    });
    if (options.sync) {
      try {
        await this.#syncContent(inode, path);
      } catch (error) {
        if (this.#names.get(path) === inode) this.#setName(path, undefined);
        throw error;
      }
    }
    return identityOf(inode);
  }

  writeAt(path: string, offset: number, ...parts: readonly Uint8Array[]): Promise<void> {
    return this.#take('writeAt', path, () => {
      const bytes = Buffer.concat(parts);
      this.#requireParent(path);
      const inode = this.#names.get(path) ?? this.#addFile(path);
      const grownBytes = Math.max(inode.bytes.length, offset + bytes.length);
      // A full disk takes what fits before it fails, as write(2) does.
      const fittingBytes = Math.min(grownBytes, Math.max(inode.bytes.length, inode.bytes.length + this.#freeBytes()));
      const content = new Uint8Array(fittingBytes);
      content.set(inode.bytes);
      content.set(bytes.subarray(0, Math.max(0, fittingBytes - offset)), Math.min(offset, fittingBytes));
      this.#setContent(inode, content);
      this.#notify(path);
      this.#requireRoom(grownBytes - fittingBytes, path);
    });
  }

  async syncFile(path: string): Promise<void> {
    await this.#syncContent(this.#existing(path), path);
  }

  async syncDirectory(directory: string): Promise<void> {
    this.#requireDirectory(directory);
    const entries = this.#names.pendingIn(directory);
    await this.#take('syncDirectory', directory, () => this.#names.commit(entries));
  }

  replace(from: string, to: string, expected: FileIdentity | undefined): Promise<boolean> {
    return this.#take('replace', from, () => {
      const inode = this.#existing(from);
      this.#requireParent(to);
      const found = this.#names.get(to);
      if (!sameFile(found === undefined ? undefined : identityOf(found), expected)) return false;
      if (found === undefined) {
        // Link and unlink: two entries, so a power loss can leave both names.
        this.#setName(to, inode);
        this.#setName(from, undefined);
      } else {
        this.#rename(from, to, inode);
      }
      return true;
    });
  }

  place(batch: readonly Placement[], options: { readonly sync: boolean }): Promise<readonly PlacementOutcome[]> {
    return placeEach(this, batch, options);
  }

  move(from: string, to: string): Promise<void> {
    return this.#take('move', from, () => {
      const inode = this.#existing(from);
      this.#requireParent(to);
      this.#rename(from, to, inode);
    });
  }

  async append(path: string, bytes: Uint8Array): Promise<void> {
    const added = new Uint8Array(bytes);
    const { inode, entries } = await this.#take('append', path, () => {
      this.#requireParent(path);
      const grown = this.#names.get(path) ?? this.#addFile(path);
      // A full disk takes what fits before it fails, as write(2) does.
      const fitting = added.subarray(0, this.#freeBytes());
      this.#setContent(grown, concatenated(grown.bytes, fitting));
      this.#notify(path);
      this.#requireRoom(added.length - fitting.length, path);
      return { inode: grown, entries: this.#names.pendingIn(parentOf(path)) };
    });
    await this.#syncContent(inode, path, () => this.#names.commit(entries));
  }

  remove(path: string): Promise<void> {
    return this.#take('remove', path, () => {
      if (this.#names.get(path) !== undefined) this.#setName(path, undefined);
    });
  }

  watch(directory: string, onChange: Listener): () => void {
    if (!this.#names.hasDirectory(directory)) {
      throw failure('ERR_NOT_WATCHABLE', directory, 'a directory the system can watch', 'none');
    }
    const listeners = this.#listeners.get(directory) ?? new Set();
    this.#listeners.set(directory, listeners.add(onChange));
    return () => void listeners.delete(onChange);
  }

  /** The one moment of an operation: nothing can come between the last look at the power and the effect. */
  async #take<T>(operation: DiskOperation, path: string, effect: () => T): Promise<T> {
    this.#refuseCrashed(path);
    await this.#options.beforeOperation?.(operation, path);
    this.#refuseCrashed(path);
    return effect();
  }

  /** Makes durable what is in the file now, not what another writer adds meanwhile. */
  async #syncContent(inode: MemoryInode, path: string, effect?: () => void): Promise<void> {
    const { bytes } = inode;
    await this.#take('syncFile', path, () => {
      inode.durableBytes = bytes;
      effect?.();
    });
  }

  #addFile(path: string): MemoryInode {
    const empty = new Uint8Array();
    const inode = { number: this.#nextInode++, bytes: empty, modifiedNs: 0n, durableBytes: empty, links: 0 };
    this.#setName(path, inode);
    return inode;
  }

  #setContent(inode: MemoryInode, bytes: Uint8Array): void {
    this.#usedBytes += bytes.length - inode.bytes.length;
    inode.bytes = bytes;
    inode.modifiedNs = ++this.#nowNs;
  }

  #rename(from: string, to: string, inode: MemoryInode): void {
    if (from === to) return;
    this.#release(to);
    this.#names.apply({ path: to, inode }, { path: from, inode: undefined });
    this.#notify(from);
    this.#notify(to);
  }

  #setName(path: string, inode: MemoryInode | undefined): void {
    this.#release(path);
    if (inode !== undefined) inode.links++;
    this.#names.apply({ path, inode });
    this.#notify(path);
  }

  /** Counts one name less for the file at `path`; the last one gives its room back. */
  #release(path: string): void {
    const inode = this.#names.get(path);
    if (inode === undefined) return;
    inode.links--;
    if (inode.links === 0) this.#usedBytes -= inode.bytes.length;
  }

  #notify(path: string): void {
    const name = nameOf(path);
    for (const listener of this.#listeners.get(parentOf(path)) ?? []) {
      queueMicrotask(() => {
        if (this.#listeners.get(parentOf(path))?.has(listener) === true) listener(name);
      });
    }
  }

  #existing(path: string): MemoryInode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw failure('ERR_NOT_FOUND', path, 'an entry of that name', 'none');
    return inode;
  }

  #requireDirectory(path: string): void {
    this.#refuseFile(path);
    if (!this.#names.hasDirectory(path)) throw failure('ERR_NOT_FOUND', path, 'a directory', 'none');
  }

  #requireParent(path: string): void {
    this.#requireDirectory(parentOf(path));
  }

  #refuseFile(path: string): void {
    if (this.#names.get(path) !== undefined) throw failure('ERR_NOT_A_DIRECTORY', path, 'a directory', 'a file');
  }

  #requireRoom(sizeBytes: number, path: string): void {
    const freeBytes = this.#freeBytes();
    if (sizeBytes > 0 && sizeBytes > freeBytes) {
      throw failure('ERR_NO_SPACE', path, `room for ${sizeBytes} bytes`, `${freeBytes}`);
    }
  }

  #freeBytes(): number {
    return Math.max(0, this.#capacityBytes - this.#usedBytes);
  }

  #refuseCrashed(path: string): void {
    if (this.#crashed) throw failure('ERR_DISK', path, 'a running disk', 'one that has lost power');
  }
}

function concatenated(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

function failure(code: DiskCode, argument: string, expected: string, found: string): DiskError {
  return new DiskError(code, { argument, expected, found });
}
