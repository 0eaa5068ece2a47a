/**
 * What driftlock needs of a disk, as small as the system calls it stands for, so that the simulator can crash, tear or
 * fill it between any two of them. Production plugs in `node-disk.ts`.
 *
 * Paths are absolute. Failures are `DiskError`s; an absent file is not a failure where the signature says undefined.
 */

import { DriftlockError } from '../../crdt/errors.ts';

/**
 * Tells two states of one path apart without reading it: another inode, size or modification time is another file.
 * A file system's clock ticks every 1 to 10 ms, so a file rewritten *in place*, to the same size, within one tick keeps
 * its identity ("racily clean", git's `racy-git.txt`). A rename always brings another inode.
 */
export interface FileIdentity {
  readonly inode: bigint;
  readonly sizeBytes: number;
  readonly modifiedNs: bigint;
}

export interface FileContent {
  readonly bytes: Uint8Array;
  /** Of the very file the bytes were read from. */
  readonly identity: FileIdentity;
}

/** A small file to be written whole, and then to be given its name. */
export interface Placement {
  /** Must not exist; on the file system of `target`. */
  readonly temporary: string;
  readonly target: string;
  readonly bytes: Uint8Array;
  /** What must be at the target; undefined: nothing. */
  readonly expected: FileIdentity | undefined;
}

export type Placed =
  | { readonly replaced: true; readonly identity: FileIdentity }
  /** Something else is at the target: it was left alone, and this is what is there now. */
  | { readonly replaced: false; readonly found: FileIdentity | undefined };

/** What became of one file of a batch, which says nothing about the others. */
export type PlacementOutcome = Placed | { readonly failure: DiskError };

/** Files of one batch, which is what others wait for: about 10 ms without sync. */
export const PLACEMENTS_MAX = 256;
/** And the bytes of all of them; the largest record makes a file of half of it. */
export const PLACEMENT_BYTES_MAX = 1024 * 1024;

/** A file that a scan met. */
export interface ScannedFile {
  readonly name: string;
  /** Undefined when it could not be told. */
  readonly identity: FileIdentity | undefined;
}

export interface Disk {
  /**
   * The whole file, or undefined when there is none. Throws `ERR_OVER_LIMIT` beyond `maxBytes`, without reading it, and
   * `ERR_CHANGING` when another program does not stop writing to it.
   */
  read(path: string, maxBytes: number): Promise<FileContent | undefined>;
  /**
   * `lengthBytes` of the file from `offset` on, fewer where it ends; undefined when there is none. The identity is the
   * file's at that moment: who reads a file in parts compares them. The bytes are put into `into`, `lengthBytes` or longer,
   * when it is given, and are a view of it then.
   */
  readRange(path: string, offset: number, lengthBytes: number, into?: Uint8Array): Promise<FileContent | undefined>;
  /**
   * Whole small files at once, in order, as quickly as the system has them: nothing else gets a turn meanwhile. Undefined for
   * one that is gone, is longer than `maxBytes`, changes meanwhile or cannot be read: whoever wants to know why reads it.
   */
  readBatch(paths: readonly string[], maxBytes: number): Promise<readonly (FileContent | undefined)[]>;
  identify(path: string): Promise<FileIdentity | undefined>;
  /** Names of the entries that are files, in no order; empty when the directory does not exist. */
  list(directory: string): Promise<string[]>;
  /**
   * The files of `directory` with their identities, in no order and in groups small enough that a directory of a million
   * holds up nobody; none when it does not exist. What comes or goes meanwhile may be met or not.
   */
  scan(directory: string): AsyncIterable<readonly ScannedFile[]>;
  /** The names of the files that {@link scan} meets, in groups: a million take a second. */
  names(directory: string): AsyncIterable<readonly string[]>;
  /** Names of the entries that are directories, in no order; empty when `directory` does not exist. */
  listDirectories(directory: string): Promise<string[]>;
  /** Makes `directory` and its parents, durably; nothing happens when it exists. */
  makeDirectory(directory: string): Promise<void>;
  /**
   * Writes a file that must not exist yet; with `sync` its content is durable (its name is not). Throws `ERR_EXISTS`.
   * When it throws anything else, no file is left.
   */
  create(path: string, bytes: Uint8Array, options: { readonly sync: boolean }): Promise<FileIdentity>;
  /**
   * Writes `parts` one behind the other from `offset` on, making the file if need be; a gap that this leaves reads as zeros. Not
   * durable before `syncFile`. When it throws, some of it may have been written. The caller leaves `parts` alone until it
   * resolves.
   */
  writeAt(path: string, offset: number, ...parts: readonly Uint8Array[]): Promise<void>;
  /** Makes content written earlier durable. After a failure only a new file is safe: the kernel may have dropped the bytes. */
  syncFile(path: string): Promise<void>;
  /** Makes the names in `directory` durable. */
  syncDirectory(directory: string): Promise<void>;
  /**
   * Renames `from` over `to` if `to` still is `expected` (undefined: does not exist), and tells whether it did. On
   * false nothing has changed. With undefined, check and rename are one atomic step; otherwise they are as close as the
   * platform allows. The identity of `from` becomes that of `to`. Both must be on one file system.
   */
  replace(from: string, to: string, expected: FileIdentity | undefined): Promise<boolean>;
  /**
   * `create` and `replace`, for each of up to `PLACEMENTS_MAX` files of together `PLACEMENT_BYTES_MAX`: many small files for
   * the price of one trip. With `sync` the content of each is durable before it gets its name. Names are given in order. No
   * temporary file stays. The outcomes are in the order of `batch`. Throws `ERR_OVER_LIMIT`, and `ERR_DISK` when it is
   * unknown how far it got.
   */
  place(batch: readonly Placement[], options: { readonly sync: boolean }): Promise<readonly PlacementOutcome[]>;
  /** Renames unconditionally, within one file system (else `ERR_CROSS_DEVICE`). */
  move(from: string, to: string): Promise<void>;
  /** Appends to a file, making it if need be; durable when it resolves. When it throws, a part may have been appended. */
  append(path: string, bytes: Uint8Array): Promise<void>;
  /** Removes a file; nothing happens when there is none. */
  remove(path: string): Promise<void>;
  /**
   * Calls `onChange` with the name of an entry of `directory` that changed, or undefined when the watcher may have
   * missed some. Events can be lost without a sign: a watcher gives speed, only a scan gives certainty. Throws
   * `ERR_NOT_WATCHABLE` when the platform cannot watch (inotify's limits, most often). The returned function stops it.
   */
  watch(directory: string, onChange: (name: string | undefined) => void): () => void;
}

export type DiskCode =
  | 'ERR_EXISTS'
  | 'ERR_NOT_FOUND'
  | 'ERR_NO_SPACE'
  | 'ERR_NOT_WRITABLE'
  | 'ERR_OVER_LIMIT'
  | 'ERR_NOT_A_DIRECTORY'
  | 'ERR_CROSS_DEVICE'
  | 'ERR_CHANGING'
  | 'ERR_NOT_WATCHABLE'
  | 'ERR_DISK';

export class DiskError extends DriftlockError<DiskCode> {
  override readonly name = 'DiskError';
}

export function sameFile(a: FileIdentity | undefined, b: FileIdentity | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.inode === b.inode && a.sizeBytes === b.sizeBytes && a.modifiedNs === b.modifiedNs;
}
