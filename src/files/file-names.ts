/**
 * The names in a data directory: `{number}.{0xhash}.v` and `.w`, `chain.status`, `contracts.txt`, `*.tmp`, and the folders
 * of `backup/`.
 *
 * Invariant: a block and a kind have one canonical name, and only that name is taken for theirs.
 */

import {
  blockId,
  compareText,
  describeText,
  parseBlockId,
  type BlockId,
  type BlockKey,
  type Hash32,
} from '../../crdt/ids.ts';
import type { RandomInteger } from '../../net/clock.ts';
import { FileError } from './file-error.ts';

export const CHAIN_STATUS_FILE = 'chain.status';
export const CONTRACTS_FILE = 'contracts.txt';

export type BlockFileKind = 'validate' | 'witness';

export const EXTENSIONS = { validate: '.v', witness: '.w' } as const;
const TEMPORARY_EXTENSION = '.tmp';
/** Blocks in one folder of `backup/`. */
const BACKUP_FOLDER_BLOCKS = 1024;

export interface BlockFile {
  readonly kind: BlockFileKind;
  readonly key: BlockKey;
}

export function blockFileName(kind: BlockFileKind, key: BlockKey): `${BlockId}.${'v' | 'w'}` {
  return `${blockId(key)}${EXTENSIONS[kind]}`;
}

/** What `name` (no folder) names, or undefined when it is no block's canonical file name. */
export function parseBlockFileName(name: string): BlockFile | undefined {
  const kind = blockFileKind(name);
  if (kind === undefined) return undefined;
  const key = parseBlockId(name.slice(0, -EXTENSIONS[kind].length));
  return key === undefined ? undefined : { kind, key };
}

/** The kind that the extension of `name` announces, whatever comes in front of it. */
export function blockFileKind(name: string): BlockFileKind | undefined {
  if (name.endsWith(EXTENSIONS.validate)) return 'validate';
  if (name.endsWith(EXTENSIONS.witness)) return 'witness';
  return undefined;
}

/**
 * Checks that `name` (no folder) is the name for content of `kind` about `key`. Throws `ERR_BAD_NAME` when it names no block
 * of that kind, `ERR_NAME_MISMATCH` when it names another.
 */
export function checkBlockFileName(name: string, kind: BlockFileKind, key: BlockKey): void {
  const named = parseBlockFileName(name);
  if (named?.kind !== kind) {
    throw new FileError('ERR_BAD_NAME', {
      argument: describeText(name),
      expected: `a name of the form {number}.{0xhash}${EXTENSIONS[kind]}`,
      found: 'another',
    });
  }
  if (named.key.number === key.number && named.key.hash === key.hash) return;
  throw new FileError('ERR_NAME_MISMATCH', {
    argument: name,
    expected: 'the content of the block that the name states',
    found: `that of ${blockId(key)}`,
  });
}

/** A name to write the new content of `name` under before it is renamed: `{name}.{u32}.tmp`, as the reference does. */
export function temporaryName(name: string, random: RandomInteger): string {
  return `${name}.${random(2 ** 32)}${TEMPORARY_EXTENSION}`;
}

export function isTemporaryName(name: string): boolean {
  return name.endsWith(TEMPORARY_EXTENSION);
}

/** The folder in `backup/` that archives the block: `number >> 10`, for all 53 bits of it. */
export function backupFolder(number: number): string {
  return `${Math.floor(number / BACKUP_FOLDER_BLOCKS)}`;
}

/** The hashes that `names` hold for each number, sorted, each once. Names that are no block's file are passed over. */
export function blocksByNumber(names: Iterable<string>): Map<number, Hash32[]> {
  const blocks = new Map<number, Set<Hash32>>();
  for (const name of names) {
    const file = parseBlockFileName(name);
    if (file === undefined) continue;
    const hashes = blocks.get(file.key.number);
    if (hashes === undefined) blocks.set(file.key.number, new Set([file.key.hash]));
    else hashes.add(file.key.hash);
  }
  return new Map(Array.from(blocks, ([number, hashes]) => [number, [...hashes].sort(compareText)]));
}
