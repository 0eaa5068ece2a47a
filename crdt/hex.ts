/**
 * Hex digits of bytes and back, lower case.
 *
 * Every hash and node id passes through here several times on its way from a message into a record, so digits are made by
 * the platform where it can: Node's Buffer takes 140 ns for 32 bytes where @noble/hashes takes 450. Digits are read by a
 * table, into memory that is there already: no call leaves the compiled code, and nothing is allocated.
 */

import { bytesToHex as portableToHex } from '@noble/hashes/utils.js';

const DIGITS = '0123456789abcdef';
const hasBuffer = typeof Buffer === 'function';

export const bytesToHex: (bytes: Uint8Array) => string = hasBuffer
  ? (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  : portableToHex;

/** The value of each digit by its ASCII code. */
const DIGIT_VALUES = Uint8Array.from({ length: 128 }, (_, code) =>
  Math.max(0, DIGITS.indexOf(String.fromCharCode(code))),
);

/** The ASCII code of each digit. */
const DIGIT_CODES = Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0));

/** Writes the bytes that the digits of `text` from `from` on stand for to `bytes`. Precondition: an even number of lower-case hex digits. */
export function hexInto(bytes: Uint8Array, offset: number, text: string, from = 0): void {
  let at = offset;
  for (let digit = from; digit < text.length; digit += 2) {
    const high = DIGIT_VALUES[text.charCodeAt(digit)] ?? 0;
    bytes[at++] = (high << 4) | (DIGIT_VALUES[text.charCodeAt(digit + 1)] ?? 0);
  }
}

/** Whether the digits of `text` from `from` on begin with those of `bytes`. */
export function equalsHex(bytes: Uint8Array, text: string, from: number): boolean {
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const digit = from + 2 * at;
    if (text.charCodeAt(digit) !== DIGIT_CODES[byte >>> 4] || text.charCodeAt(digit + 1) !== DIGIT_CODES[byte & 15]) {
      return false;
    }
  }
  return true;
}
