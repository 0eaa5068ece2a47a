/**
 * Hex digits of bytes and back, lower case.
 *
 * Every hash and node id passes through here several times on its way from a message into a record, so the platform does
 * it where it can: Node's Buffer takes 140 ns for 32 bytes where @noble/hashes takes 450. Elsewhere @noble/hashes does.
 */

import { bytesToHex as portableToHex, hexToBytes as portableToBytes } from '@noble/hashes/utils.js';

const hasBuffer = typeof Buffer === 'function';

export const bytesToHex: (bytes: Uint8Array) => string = hasBuffer
  ? (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  : portableToHex;

/** Precondition: `digits` is an even number of hex digits. */
export const hexToBytes: (digits: string) => Uint8Array = hasBuffer
  ? (digits) => new Uint8Array(Buffer.from(digits, 'hex'))
  : portableToBytes;
