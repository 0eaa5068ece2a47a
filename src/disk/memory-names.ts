/**
 * The names of an in-memory disk, twice: as processes see them, and as a power loss would leave them.
 *
 * Model: a journaled file system. What one system call does to names is one journal entry and survives whole or not at
 * all (a rename never loses the file under both names). Syncing a directory commits every entry that touches it. A
 * power loss keeps some prefix of the entries not committed yet.
 *
 * Invariant: applying all pending entries to the durable names gives the visible names.
 */

import { basename, dirname } from 'node:path';

export interface MemoryInode {
  readonly number: bigint;
  bytes: Uint8Array;
  modifiedNs: bigint;
  /** What a power loss leaves of the content for certain, never longer than it: nothing, until it is synced. */
  durableBytes: Uint8Array;
  /** How many visible names it has. */
  links: number;
}

/** One name set to an inode, or removed (undefined). */
export interface NameChange {
  readonly path: string;
  readonly inode: MemoryInode | undefined;
}

export interface JournalEntry {
  changes: readonly NameChange[];
  /** Of all these names: thousands of entries are asked for theirs at each sync. */
  readonly directories: readonly string[];
}

type NameTable = Map<string, Map<string, MemoryInode>>;

/** Beyond it the oldest entry is committed, as a kernel does after some seconds without being asked. */
export const JOURNAL_ENTRIES_MAX = 1024;

export class MemoryNames {
  readonly #visible: NameTable;
  readonly #durable: NameTable;
  #pending: JournalEntry[] = [];

  constructor(names: NameTable = new Map([['/', new Map()]])) {
    this.#visible = copy(names);
    this.#durable = copy(names);
  }

  get(path: string): MemoryInode | undefined {
    return this.#visible.get(dirname(path))?.get(basename(path));
  }

  hasDirectory(directory: string): boolean {
    return this.#visible.has(directory);
  }

  namesIn(directory: string): string[] {
    return [...(this.#visible.get(directory)?.keys() ?? [])];
  }

  directoriesIn(directory: string): string[] {
    const isInside = (path: string): boolean => path !== '/' && dirname(path) === directory;
    return [...this.#visible.keys()].filter(isInside).map((path) => basename(path));
  }

  inodes(): Set<MemoryInode> {
    return new Set([...this.#visible.values()].flatMap((names) => [...names.values()]));
  }

  /** Makes one directory, durably. */
  addDirectory(directory: string): void {
    this.#visible.set(directory, new Map());
    this.#durable.set(directory, new Map());
  }

  /** Applies `changes` as one journal entry. Precondition: their directories exist. */
  apply(...changes: readonly NameChange[]): void {
    write(this.#visible, changes);
    this.#pending.push({ changes, directories: changes.map(({ path }) => dirname(path)) });
    const oldest = this.#pending.length > JOURNAL_ENTRIES_MAX ? this.#pending[0] : undefined;
    if (oldest !== undefined) this.commit([oldest]);
  }

  /** The entries a sync of `directory` that starts now is answerable for. */
  pendingIn(directory: string): JournalEntry[] {
    return this.#pending.filter(({ directories }) => directories.includes(directory));
  }

  /** Makes `entries` durable; what earlier entries did to the same names is thereby settled. */
  commit(entries: readonly JournalEntry[]): void {
    const committed = new Set(entries);
    const settled = new Set<string>();
    const left: JournalEntry[] = [];
    for (const entry of this.#pending.toReversed()) {
      const changes = entry.changes.filter(({ path }) => !settled.has(path));
      if (committed.has(entry)) {
        write(this.#durable, changes);
        for (const { path } of entry.changes) settled.add(path);
      } else if (changes.length > 0) {
        entry.changes = changes;
        left.push(entry);
      }
    }
    this.#pending = left.toReversed();
  }

  /** The names after a power loss that kept a prefix of the pending entries, as long as `chooseLength` says. */
  afterPowerLoss(chooseLength: (below: number) => number): NameTable {
    const names = copy(this.#durable);
    for (const { changes } of this.#pending.slice(0, chooseLength(this.#pending.length + 1))) write(names, changes);
    return names;
  }
}

function write(table: NameTable, changes: readonly NameChange[]): void {
  for (const { path, inode } of changes) {
    const names = table.get(dirname(path));
    if (inode === undefined) names?.delete(basename(path));
    else names?.set(basename(path), inode);
  }
}

function copy(table: NameTable): NameTable {
  return new Map([...table].map(([directory, names]) => [directory, new Map(names)]));
}
