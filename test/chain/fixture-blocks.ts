/** The real blocks 3079 to 3095, and what the witness generator wrote about each but the first. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashFromBytes, parseBlockId, type BlockKey } from '../../crdt/ids.ts';
import type { ValidationTask } from '../../src/validators/validator.ts';

/** In a `.w` file: the StateData envelope takes 48 bytes, then status, block hash and number; hashes have 8-byte lengths. */
const PRE_STATE_ROOT_OFFSET = 108;
const PARENT_HASH_OFFSET = 148;

export function blocksFolder(fixtures: string): string {
  return join(fixtures, 'megaeth', 'blocks');
}

/** Keys of the blocks, by height. */
export function fixtureKeys(fixtures: string): BlockKey[] {
  return readdirSync(blocksFolder(fixtures))
    .map((name) => parseBlockId(name.replace(/\.json$/, '')))
    .filter((key) => key !== undefined)
    .sort((a, b) => a.number - b.number);
}

export function fixtureBlock(fixtures: string, { number, hash }: BlockKey): Record<string, unknown> {
  const parsed: unknown = JSON.parse(readFileSync(join(blocksFolder(fixtures), `${number}.${hash}.json`), 'utf8'));
  return Object.fromEntries(Object.entries(Object(parsed)));
}

/** The task to validate a block, from its real `.w` file. */
export function fixtureTask(fixtures: string, key: BlockKey): ValidationTask {
  const path = join(fixtures, 'megaeth', 'witness', `${key.number}.${key.hash}.w`);
  const bytes = readFileSync(path);
  const hashAt = (offset: number) => hashFromBytes(bytes.subarray(offset, offset + 32));
  return {
    key,
    epoch: 1,
    witness: { path, preStateRoot: hashAt(PRE_STATE_ROOT_OFFSET), parentHash: hashAt(PARENT_HASH_OFFSET) },
  };
}
