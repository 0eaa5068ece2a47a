/**
 * Has a node repair the files that were found bad, and looks at them again until they are good or the time is over.
 *
 * Invariant: a file counts as repaired only after it was read again and found good; for every other one there is a reason.
 */

import { basename, join } from 'node:path';
import { blockId, type BlockId, type BlockKey } from '../../../crdt/ids.ts';
import { pause, type Clock } from '../../../net/clock.ts';
import type { DatadirLayout } from '../../datadir/layout.ts';
import type { ContractsFound } from '../../contracts/contract-repair.ts';
import { backupFolder, CHAIN_STATUS_FILE, parseBlockFileName, type BlockFileKind } from '../../files/file-names.ts';
import { REREAD_BLOCKS_MAX, type BlockFiles } from '../../scrub/reread.ts';
import type { TreeDisk } from './tree-disk.ts';
import { verifyFile } from './verify-datadir.ts';

/** A node that can be asked to read files again. */
export interface RepairNode {
  reread(keys: readonly BlockKey[]): Promise<readonly BlockFiles[]>;
  rereadContracts(): Promise<ContractsFound>;
  /** Whether peers may bring what is missing here: then it is worth waiting for them. */
  readonly hasPeers: boolean;
}

export type RepairOutcome =
  /** `detail`: what it cost, where it cost something. */
  | { readonly file: string; readonly repaired: true; readonly detail?: string }
  | { readonly file: string; readonly repaired: false; readonly reason: string };

export interface RepairOptions {
  readonly disk: TreeDisk;
  readonly clock: Clock;
  readonly layout: DatadirLayout;
  readonly node: RepairNode;
  readonly waitMs: number;
}

export const LOOK_AGAIN_MS = 500;

/** `files`: those that were found bad, relative to the data directory. */
export async function repairFiles(files: readonly string[], options: RepairOptions): Promise<readonly RepairOutcome[]> {
  const { clock, node, waitMs } = options;
  const endMs = clock.monotonicMs() + waitMs;
  const repaired = new Set<string>();
  let found = new Map<BlockId, BlockFiles>();
  for (;;) {
    const left = files.filter((file) => !repaired.has(file));
    found = await reread(node, left);
    for (const file of left) if (await isGood(file, options)) repaired.add(file);
    const mayChange = left.some((file) => !repaired.has(file) && mayStillCome(file, found, node.hasPeers));
    if (!mayChange || clock.monotonicMs() >= endMs) break;
    await pause(clock, LOOK_AGAIN_MS);
  }
  return files.map((file) =>
    repaired.has(file) ? { file, repaired: true } : { file, repaired: false, reason: reasonOf(file, found) },
  );
}

async function reread(node: RepairNode, files: readonly string[]): Promise<Map<BlockId, BlockFiles>> {
  const keys = new Map<BlockId, BlockKey>();
  for (const file of files) {
    const key = parseBlockFileName(basename(file))?.key;
    if (key !== undefined) keys.set(blockId(key), key);
  }
  const found = new Map<BlockId, BlockFiles>();
  const all = [...keys.values()];
  for (let at = 0; at < all.length; at += REREAD_BLOCKS_MAX) {
    const reply = await node.reread(all.slice(at, at + REREAD_BLOCKS_MAX));
    for (const block of reply) found.set(blockId(block.key), block);
  }
  return found;
}

/** Whether the file, or the one that took its place, is good, and nothing bad is left where it was. */
async function isGood(file: string, { disk, layout }: RepairOptions): Promise<boolean> {
  const name = basename(file);
  const block = parseBlockFileName(name);
  const places =
    block === undefined ? [] : [join(block.kind, name), join('backup', backupFolder(block.key.number), name)];
  let isThere = false;
  for (const place of new Set([file, ...places])) {
    const verdict = await verifyFile(disk, layout, place);
    if (verdict?.kind === 'bad') return false;
    isThere ||= verdict !== undefined;
  }
  return isThere;
}

const IN_TIME: ReadonlySet<BlockFiles['validate' | 'witness']> = new Set(['unwritten', 'fetching']);
const BY_PEERS: ReadonlySet<BlockFiles['validate' | 'witness']> = new Set([
  'unknown',
  'out-of-reach',
  'unannounced',
  'another',
]);

function mayStillCome(file: string, found: ReadonlyMap<BlockId, BlockFiles>, hasPeers: boolean): boolean {
  const standing = standingOf(file, found);
  if (standing === undefined) return hasPeers && basename(file) === CHAIN_STATUS_FILE;
  return IN_TIME.has(standing) || (hasPeers && BY_PEERS.has(standing));
}

function standingOf(file: string, found: ReadonlyMap<BlockId, BlockFiles>): BlockFiles[BlockFileKind] | undefined {
  const block = parseBlockFileName(basename(file));
  return block === undefined ? undefined : found.get(blockId(block.key))?.[block.kind];
}

const REASONS: Readonly<Record<BlockFiles['validate' | 'witness'], string>> = {
  good: 'a bad file lies where nobody looks for it',
  held: 'a bad file lies where nobody looks for it',
  unwritten: 'its record is known, and could not be written in time',
  unknown: 'nothing is known of the block, here or among the peers in reach',
  fetching: 'it could not be fetched in time',
  'out-of-reach': 'no peer in reach holds it',
  unannounced: 'nobody has announced it',
  another: 'its block is settled, and what peers in reach hold is not what was here',
  'not-kept': 'the witness policy of this node does not keep it',
  'over-budget': 'there is no room for it within the disk budget for witnesses',
};

function reasonOf(file: string, found: ReadonlyMap<BlockId, BlockFiles>): string {
  const standing = standingOf(file, found);
  if (standing !== undefined) return REASONS[standing];
  if (basename(file) === CHAIN_STATUS_FILE) return 'no peer in reach has said which block is final';
  return 'driftlock repairs the files of blocks and chain.status alone';
}
