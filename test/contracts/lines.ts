/** Lines of `contracts.txt` for tests. */

import { keccak256 } from '../../crdt/hash.ts';
import { bytesToHex } from '../../crdt/hex.ts';
import { payloadOf } from '../net/witness/peers.ts';

/** The line of a contract with this code, and its newline. */
export function lineOf(code: Uint8Array): string {
  return `["${keccak256(code)}","0x${bytesToHex(code)}"]\n`;
}

/** Of five contracts. */
export const lines = Array.from({ length: 5 }, (_, at) => lineOf(payloadOf(100 + at, at)));
