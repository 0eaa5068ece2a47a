/**
 * `"number.hash"`, as the reference's methods take their blocks, and the errors that they answer for anything else.
 *
 * Invariant: accepts what Rust's `u64::from_str` and alloy's `B256::from_str` accept: leading zeros and a plus sign; a hash
 * with or without `0x`, in any case.
 */

import { describeText, isHash32, type Hash32 } from '../../crdt/ids.ts';
import { INVALID_PARAMS, RpcError } from './json-rpc.ts';

export interface BlockParam {
  /** A u64. No block of ours has a number beyond 2^53 − 1. */
  readonly number: bigint;
  readonly hash: Hash32;
}

/** 8 bytes of number and 32 of hash with some leading zeros to spare. Longer text is not quoted back whole. */
export const BLOCK_PARAM_CHARACTERS_MAX = 256;

const NUMBER_PATTERN = /^\+?[0-9]+$/;
const U64_MAX = 2n ** 64n - 1n;

/** Throws −32602 with the reference's messages. */
export function parseBlockParam(text: string): BlockParam {
  const dot = text.indexOf('.');
  if (dot === -1 || text.length > BLOCK_PARAM_CHARACTERS_MAX) {
    throw new RpcError(INVALID_PARAMS, `invalid params format: ${clipped(text)}`);
  }
  const numberText = text.slice(0, dot);
  const number = NUMBER_PATTERN.test(numberText) ? BigInt(numberText.replace('+', '')) : undefined;
  if (number === undefined || number > U64_MAX) {
    throw new RpcError(INVALID_PARAMS, `invalid block number: ${numberText}`);
  }
  const hashText = text.slice(dot + 1);
  const prefixed = (hashText.startsWith('0x') ? hashText : `0x${hashText}`).toLowerCase();
  if (!isHash32(prefixed)) throw new RpcError(INVALID_PARAMS, `invalid block hash: ${hashText}`);
  return { number, hash: prefixed };
}

/** The number as our own blocks have it, or undefined when none can have it. */
export function ownNumber({ number }: BlockParam): number | undefined {
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : undefined;
}

function clipped(text: string): string {
  return text.length > BLOCK_PARAM_CHARACTERS_MAX ? describeText(text) : text;
}
