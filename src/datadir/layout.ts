/**
 * Where things are in a data directory. Paths only: nothing here touches a disk.
 *
 * Temporary files are written in `.driftlock/tmp/` and renamed from there. Other programs that list `validate/` or
 * `witness/` never meet one, a watcher of those directories gets one event a write instead of three, and at start all of
 * that directory is stale by definition. The price: it must lie on the same file system as the targets
 * (`prepare.ts` checks). For the durability of a write only the target's directory is synced: a rename across
 * directories is one transaction of a journaled file system, and where it is not, what a power loss can leave is the
 * old name, which is a stale temporary file again.
 */

import { join, resolve } from 'node:path';

/** Blocks that share one directory below `backup/`: `backup/{number >> 10}`. */
export const BACKUP_GROUP_BLOCKS = 1024;

/** All paths are absolute. */
export interface DatadirLayout {
  readonly root: string;
  /** `{number}.{0xhash}.v` and the contracts. */
  readonly validate: string;
  /** `{number}.{0xhash}.w`. */
  readonly witness: string;
  /** Directories of archived `.v` and `.w`; see {@link backupDirectory}. */
  readonly backup: string;
  /** The last finalized block, written by other programs. */
  readonly chainStatus: string;
  readonly contracts: string;
  /** `.driftlock/`: after a clean stop, all that is below it but the key can be rebuilt, the cluster document from other nodes. */
  readonly state: string;
  readonly key: string;
  /** Held by the running node. Nothing but `lock.ts` may open it. */
  readonly lock: string;
  /** Who holds the lock, for people and messages. */
  readonly owner: string;
  readonly quarantine: string;
  readonly temporary: string;
  /** A snapshot of what the files hold; see `snapshot/`. */
  readonly index: string;
  /** Witnesses that are being fetched: kept over a restart, so that what has arrived is not fetched again. */
  readonly partial: string;
  /** Chunks that programs have stored by their digest. */
  readonly chunks: string;
  /** What happened, as JSON Lines. */
  readonly evidence: string;
  /** The cluster document; what no file says and other nodes have too. */
  readonly document: string;
  /** Records that are durable while their files are not yet; empty after a clean stop. */
  readonly journal: string;
}

export function datadirLayout(datadir: string): DatadirLayout {
  const root = resolve(datadir);
  const validate = join(root, 'validate');
  const state = join(root, '.driftlock');
  return {
    root,
    validate,
    witness: join(root, 'witness'),
    backup: join(root, 'backup'),
    chainStatus: join(root, 'chain.status'),
    contracts: join(validate, 'contracts.txt'),
    state,
    key: join(state, 'key'),
    lock: join(state, 'lock'),
    owner: join(state, 'owner.json'),
    quarantine: join(state, 'quarantine'),
    temporary: join(state, 'tmp'),
    index: join(state, 'index'),
    partial: join(state, 'partial'),
    chunks: join(state, 'chunks'),
    evidence: join(state, 'evidence'),
    document: join(state, 'document'),
    journal: join(state, 'journal'),
  };
}

/** The directory below `backup/` where the files of block `number` (0 … 2^53 − 1) are archived. */
export function backupDirectory(layout: DatadirLayout, number: number): string {
  // Not `>>`: it truncates to 32 bits first.
  return join(layout.backup, String(Math.floor(number / BACKUP_GROUP_BLOCKS)));
}
