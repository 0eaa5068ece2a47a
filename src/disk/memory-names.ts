/**
 * The names of an in-memory disk, twice: as processes see them, and as a power loss would leave them.
 *
 * Model: a journaled file system. What one system call does to names is one journal entry and survives whole or not at
 * all (a rename never loses the file under both names). Syncing a directory commits every entry that touches it. A
 * power loss keeps some prefix of the entries not committed yet.
 *
 * Invariant: applying all pending entries to the durable names gives the visible names.
 */

import type { MemoryInode } from './memory-inode.ts';

/** One name set to an inode, or removed (undefined). */
export interface NameChange {
  readonly path: string;
  readonly inode: MemoryInode | undefined;
}

export interface JournalEntry {
  /** Ascending, in the order of the calls. */
  readonly order: number;
  changes: readonly NameChange[];
}

type NameTable = Map<string, Map<string, MemoryInode>>;

/** Beyond it the oldest entry is committed, as a kernel does after some seconds without being asked. */
export const JOURNAL_ENTRIES_MAX = 1024;

export class MemoryNames {
  readonly #visible: NameTable;
  readonly #durable: NameTable;
  /** In the order of the calls; and the same by what they touch, since every sync asks for some of thousands. */
  readonly #pending = new Set<JournalEntry>();
  readonly #byDirectory = new Map<string, Set<JournalEntry>>();
  readonly #byPath = new Map<string, Set<JournalEntry>>();
  #applied = 0;

  constructor(names: NameTable = new Map([['/', new Map()]])) {
    this.#visible = copy(names);
    this.#durable = copy(names);
  }

  get(path: string): MemoryInode | undefined {
    return this.#visible.get(parentOf(path))?.get(nameOf(path));
  }

  hasDirectory(directory: string): boolean {
    return this.#visible.has(directory);
  }

  namesIn(directory: string): string[] {
    return [...(this.#visible.get(directory)?.keys() ?? [])];
  }

  directoriesIn(directory: string): string[] {
    const isInside = (path: string): boolean => path !== '/' && parentOf(path) === directory;
    return [...this.#visible.keys()].filter(isInside).map((path) => nameOf(path));
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
    const entry: JournalEntry = { order: this.#applied++, changes };
    this.#pending.add(entry);
    for (const { path } of changes) {
      put(this.#byPath, path, entry);
      put(this.#byDirectory, parentOf(path), entry);
    }
    if (this.#pending.size <= JOURNAL_ENTRIES_MAX) return;
    const [oldest] = this.#pending;
    if (oldest !== undefined) this.commit([oldest]);
  }

  /** The entries a sync of `directory` that starts now is answerable for. */
  pendingIn(directory: string): JournalEntry[] {
    return [...(this.#byDirectory.get(directory) ?? [])];
  }

  /** Makes `entries` durable; what earlier entries did to the same names is thereby settled. */
  commit(entries: readonly JournalEntry[]): void {
    for (const entry of [...entries].sort((a, b) => b.order - a.order)) {
      if (!this.#pending.has(entry)) continue;
      write(this.#durable, entry.changes);
      for (const { path } of entry.changes) {
        for (const other of this.#byPath.get(path) ?? []) if (other.order < entry.order) this.#settle(other, path);
      }
      for (const { path } of entry.changes) this.#settle(entry, path);
    }
  }

  /** What `entry` did to `path` is durable, or was overtaken by what is. */
  #settle(entry: JournalEntry, path: string): void {
    take(this.#byPath, path, entry);
    entry.changes = entry.changes.filter((change) => change.path !== path);
    const directory = parentOf(path);
    if (!entry.changes.some((change) => parentOf(change.path) === directory)) take(this.#byDirectory, directory, entry);
    if (entry.changes.length === 0) this.#pending.delete(entry);
  }

  /** The names after a power loss that kept a prefix of the pending entries, as long as `chooseLength` says. */
  afterPowerLoss(chooseLength: (below: number) => number): NameTable {
    const names = copy(this.#durable);
    const kept = chooseLength(this.#pending.size + 1);
    for (const { changes } of [...this.#pending].slice(0, kept)) write(names, changes);
    return names;
  }
}

/** The directory of an absolute path, as `dirname` gives it: it is asked for several times in every operation. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function write(table: NameTable, changes: readonly NameChange[]): void {
  for (const { path, inode } of changes) {
    const names = table.get(parentOf(path));
    if (inode === undefined) names?.delete(nameOf(path));
    else names?.set(nameOf(path), inode);
  }
}

function put(index: Map<string, Set<JournalEntry>>, key: string, entry: JournalEntry): void {
  const entries = index.get(key);
  if (entries === undefined) index.set(key, new Set([entry]));
  else entries.add(entry);
}

function take(index: Map<string, Set<JournalEntry>>, key: string, entry: JournalEntry): void {
  const entries = index.get(key);
  entries?.delete(entry);
  if (entries?.size === 0) index.delete(key);
}

function copy(table: NameTable): NameTable {
  return new Map([...table].map(([directory, names]) => [directory, new Map(names)]));
}
