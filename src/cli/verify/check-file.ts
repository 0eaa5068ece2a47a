/**
 * Whether one file of a data directory is what it should be.
 *
 * Invariant: pure, and never throws for what the file holds: everything in it was verified, or `problems` says what was not.
 */

import { isFailure } from '../../../crdt/errors.ts';
import type { BlockKey } from '../../../crdt/ids.ts';
import { decodeChainStatus } from '../../files/chain-status.ts';
import { parseContracts, type Contracts } from '../../files/contracts.ts';
import { FileError } from '../../files/file-error.ts';
import { backupFolder, blockFileKind, CHAIN_STATUS_FILE, CONTRACTS_FILE } from '../../files/file-names.ts';
import { decodeValidateFile } from '../../files/validate-file.ts';
import { decodeWitnessFile } from '../../files/witness-file.ts';
import { checkedRecord } from '../checked-record.ts';

/** A place in a data directory, which says what may lie there. */
export type Place =
  | { readonly kind: 'root' | 'validate' | 'witness' }
  /** `folder`: the name of the directory below `backup/`. */
  | { readonly kind: 'backup'; readonly folder: string };

export interface Problem {
  readonly code: string;
  readonly message: string;
}

export type Verdict =
  | { readonly kind: 'good' }
  /** Good, and written by another program: a `.v` without a trailer. */
  | { readonly kind: 'foreign' }
  /** `problems` lists at most `PROBLEMS_LISTED_MAX` of `problemCount`. */
  | { readonly kind: 'bad'; readonly problems: readonly Problem[]; readonly problemCount: number };

/** Of one file, which can be a `contracts.txt` of millions of bad lines. */
export const PROBLEMS_LISTED_MAX = 100;

const GOOD: Verdict = { kind: 'good' };

/** Whether driftlock knows what a file called `name` in `place` is. */
export function isKnownFile(place: Place, name: string): boolean {
  const kind = blockFileKind(name);
  switch (place.kind) {
    case 'root':
      return name === CHAIN_STATUS_FILE;
    case 'validate':
      return name === CONTRACTS_FILE || kind === 'validate';
    case 'witness':
      return kind === 'witness';
    case 'backup':
      return kind !== undefined;
  }
  return false;
}

/** Checks a file for which {@link isKnownFile} holds. */
export function checkFile(place: Place, name: string, bytes: Uint8Array): Verdict {
  try {
    if (name === CHAIN_STATUS_FILE) {
      decodeChainStatus(bytes, name);
      return GOOD;
    }
    if (name === CONTRACTS_FILE) return checkContracts(parseContracts(bytes, name));
    return blockFileKind(name) === 'validate' ? checkValidate(place, name, bytes) : checkWitness(place, name, bytes);
  } catch (error) {
    return badBecause(error);
  }
}

/** A failure of the file as a verdict; anything else goes on. */
export function badBecause(error: unknown): Verdict {
  if (!isFailure(error)) throw error;
  return bad([{ code: error.code, message: error.message }]);
}

function checkValidate(place: Place, name: string, bytes: Uint8Array): Verdict {
  const { key, trailer } = decodeValidateFile(bytes, name);
  checkFolder(place, name, key);
  switch (trailer.kind) {
    case 'absent':
      return { kind: 'foreign' };
    case 'mismatch':
      return bad([{ code: 'ERR_BAD_TRAILER', message: `${name}: ${trailer.reason}` }]);
    case 'valid':
      checkedRecord(trailer.record, key);
      return GOOD;
  }
  return GOOD;
}

function checkWitness(place: Place, name: string, bytes: Uint8Array): Verdict {
  checkFolder(place, name, decodeWitnessFile(bytes, name).key);
  return GOOD;
}

/** Nobody finds a file in another folder of `backup/` than that of its number. */
function checkFolder(place: Place, name: string, key: BlockKey): void {
  const folder = backupFolder(key.number);
  if (place.kind !== 'backup' || place.folder === folder) return;
  const detail = { argument: name, expected: `to lie in backup/${folder}`, found: `it in backup/${place.folder}` };
  throw new FileError('ERR_NAME_MISMATCH', detail);
}

function checkContracts({ bad: badLines, tornTail }: Contracts): Verdict {
  const problems = badLines.map(({ code, reason }) => ({ code, message: reason }));
  if (tornTail !== undefined) {
    const message = `last line: expected a whole one, found ${tornTail.bytes.length} bytes of a torn one`;
    problems.push({ code: 'ERR_TORN_LINE', message });
  }
  return problems.length === 0 ? GOOD : bad(problems);
}

function bad(problems: readonly Problem[]): Verdict {
  return { kind: 'bad', problems: problems.slice(0, PROBLEMS_LISTED_MAX), problemCount: problems.length };
}
