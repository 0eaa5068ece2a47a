/** How much of a file is read at most, by its name, before anything in it is looked at. */

import { CHAIN_STATUS_BYTES_MAX } from '../files/chain-status.ts';
import { CONTRACTS_FILE_BYTES_MAX } from '../files/contracts.ts';
import { blockFileKind, CHAIN_STATUS_FILE, CONTRACTS_FILE } from '../files/file-names.ts';
import { VALIDATE_FILE_BYTES_MAX } from '../files/validate-file.ts';
import { WITNESS_FILE_BYTES_MAX } from '../files/witness-status.ts';

/** `name` without its folder. Undefined: a file of no known kind, which is not worth reading. */
export function fileBytesMax(name: string): number | undefined {
  if (name === CHAIN_STATUS_FILE) return CHAIN_STATUS_BYTES_MAX;
  if (name === CONTRACTS_FILE) return CONTRACTS_FILE_BYTES_MAX;
  const kind = blockFileKind(name);
  if (kind === undefined) return undefined;
  return kind === 'validate' ? VALIDATE_FILE_BYTES_MAX : WITNESS_FILE_BYTES_MAX;
}
