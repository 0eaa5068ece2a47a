/**
 * What driftlock needs of a disk, as small as the system calls it stands for, so that the simulator can crash, tear or
 * fill it between any two of them. Production plugs in `node-disk.ts`.
 *
 * Paths are absolute. Failures are `DiskError`s; an absent file is not a failure where the signature says undefined.
 */

import { DriftlockError } from '../../crdt/errors.ts';

/** Tells two states of one path apart without reading it: another inode, size or modification time is another file. */
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

export interface Disk {
  /** The whole file, or undefined when there is none. Throws `ERR_OVER_LIMIT` beyond `maxBytes`, without reading it. */
  read(path: string, maxBytes: number): Promise<FileContent | undefined>;
  identify(path: string): Promise<FileIdentity | undefined>;
  /** Names of the entries that are files, in no order; empty when the directory does not exist. */
  list(directory: string): Promise<string[]>;
  /** Makes `directory` and its parents; nothing happens when it exists. */
  makeDirectory(directory: string): Promise<void>;
  /** Writes a file that must not exist yet; with `sync` its content is durable (its name is not). Throws `ERR_EXISTS`. */
  create(path: string, bytes: Uint8Array, options: { readonly sync: boolean }): Promise<FileIdentity>;
  /** Makes content written earlier durable. */
  syncFile(path: string): Promise<void>;
  /** Makes the names in `directory` durable. */
  syncDirectory(directory: string): Promise<void>;
  /**
   * Renames `from` over `to` if `to` still is `expected` (undefined: does not exist), and tells whether it did. On
   * false nothing has changed. The check and the rename are as close as the platform allows.
   */
  replace(from: string, to: string, expected: FileIdentity | undefined): Promise<boolean>;
  /** Renames unconditionally, within one file system. */
  move(from: string, to: string): Promise<void>;
  /** Appends to a file, making it if need be; durable when it resolves. */
  append(path: string, bytes: Uint8Array): Promise<void>;
  /** Removes a file; nothing happens when there is none. */
  remove(path: string): Promise<void>;
  /**
   * Calls `onChange` with the name of an entry of `directory` that changed, or undefined when the watcher may have
   * missed some. Events can be lost without a sign: a watcher gives speed, only a scan gives certainty.
   */
  watch(directory: string, onChange: (name: string | undefined) => void): () => void;
}

export type DiskCode =
  | 'ERR_EXISTS'
  | 'ERR_NO_SPACE'
  | 'ERR_NOT_WRITABLE'
  | 'ERR_OVER_LIMIT'
  | 'ERR_NOT_A_DIRECTORY'
  | 'ERR_DISK';

export class DiskError extends DriftlockError<DiskCode> {
  override readonly name = 'DiskError';
}

export function sameFile(a: FileIdentity | undefined, b: FileIdentity | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.inode === b.inode && a.sizeBytes === b.sizeBytes && a.modifiedNs === b.modifiedNs;
}
