/**
 * One line of `contracts.txt`: `["0x<code hash>", <bytecode as revm's serde writes it>]`.
 *
 * Invariant: the code in a line that was accepted has the keccak256 that the line states. The hash covers the code alone:
 * padding and jump table are derived from it, and are kept as they came.
 */

import { hexToBytes } from '@noble/hashes/utils.js';
import { keccak256 } from '../../crdt/hash.ts';
import { isFailure } from '../../crdt/errors.ts';
import { describeText, hash32, isHash32, type Hash32 } from '../../crdt/ids.ts';
import { FileError } from './file-error.ts';
import { describeJson, integerField, isJsonObject, parseJson, textField } from './json.ts';

/** MegaETH allows 512 KiB of code: 1 MiB in hex and a jump table of a quarter of that; times three for other writers. */
export const CONTRACT_LINE_BYTES_MAX = 4 * 1024 * 1024;

/** How a line begins, up to the end of its hash. */
const STATED_HASH = /^\s*\["(0x[0-9a-f]{64})"/;
const STATED_HASH_BYTES = 128;

const HEX_PATTERN = /^0x[0-9a-fA-F]*$/;

/** The hash of the line's code. Throws a `DriftlockError` that names `argument`; `ERR_BAD_CHECKSUM` for another hash. */
export function verifyContractLine(line: Uint8Array, argument: string): Hash32 {
  if (line.length > CONTRACT_LINE_BYTES_MAX) {
    throw new FileError('ERR_OVER_LIMIT', {
      argument,
      expected: `at most ${CONTRACT_LINE_BYTES_MAX} bytes`,
      found: `${line.length}`,
    });
  }
  const entry = parseJson(line, argument);
  if (!Array.isArray(entry) || entry.length !== 2) {
    throw new FileError('ERR_BAD_FIELD', { argument, expected: '["0x<hash>", value]', found: describeJson(entry) });
  }
  const [hashText, value]: unknown[] = entry;
  if (typeof hashText !== 'string') {
    throw new FileError('ERR_BAD_FIELD', {
      argument: `${argument}: hash`,
      expected: 'a string',
      found: describeJson(hashText),
    });
  }
  const hash = hash32(hashText, `${argument}: hash`);
  const found = keccak256(contractCode(value, argument));
  if (found === hash) return hash;
  throw new FileError('ERR_BAD_CHECKSUM', { argument: `${argument}: code`, expected: `keccak256 ${hash}`, found });
}

/**
 * The hashes that a line which does not verify can have been written for: what it states, and what its code hashes to, as far
 * as it can still be read.
 */
export function possibleHashes(line: Uint8Array): readonly Hash32[] {
  const found: Hash32[] = [];
  const stated = STATED_HASH.exec(new TextDecoder().decode(line.subarray(0, STATED_HASH_BYTES)))?.[1];
  if (stated !== undefined && isHash32(stated)) found.push(stated);
  try {
    const entry = parseJson(line, '');
    if (Array.isArray(entry)) found.push(keccak256(contractCode(entry[1], '')));
  } catch (error) {
    if (!isFailure(error)) throw error;
  }
  return found;
}

/** The code that the hash covers, of every form that revm's serde has written. */
function contractCode(value: unknown, argument: string): Uint8Array {
  if (typeof value === 'string') return hexBytes(value, `${argument}: code`);
  const variants = isJsonObject(value) ? Object.keys(value) : [];
  const variant = variants[0];
  if (!isJsonObject(value) || variant === undefined || variants.length !== 1) {
    throw new FileError('ERR_BAD_FIELD', {
      argument: `${argument}: value`,
      expected: 'hex or an object of one variant',
      found: variants.length > 1 ? `${variants.length} variants` : describeJson(value),
    });
  }
  const field = `${argument}: ${variant}`;
  const content = value[variant];
  switch (variant) {
    case 'LegacyAnalyzed': {
      const analyzed = requireObject(content, field);
      const hex = textField(analyzed, 'bytecode', field);
      const padded = hexBytes(hex, `${field}: bytecode`);
      return padded.subarray(0, integerField(analyzed, 'original_len', field, padded.length));
    }
    case 'LegacyRaw':
      return hexBytes(content, field);
    case 'Eip7702':
      return hexBytes(requireObject(content, field)['raw'], `${field}: raw`);
    default:
      throw new FileError('ERR_UNKNOWN_VARIANT', {
        argument: `${argument}: value`,
        expected: 'LegacyAnalyzed, LegacyRaw or Eip7702',
        found: describeText(variant),
      });
  }
}

function requireObject(value: unknown, argument: string): Readonly<Record<string, unknown>> {
  if (isJsonObject(value)) return value;
  throw new FileError('ERR_BAD_FIELD', { argument, expected: 'an object', found: describeJson(value) });
}

function hexBytes(value: unknown, argument: string): Uint8Array {
  if (typeof value === 'string' && value.length % 2 === 0 && HEX_PATTERN.test(value)) return hexToBytes(value.slice(2));
  throw new FileError('ERR_BAD_FIELD', {
    argument,
    expected: '0x and pairs of hex digits',
    found: describeJson(value),
  });
}
