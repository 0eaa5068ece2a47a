/**
 * How a `contracts.txt` is put right while other programs go on appending to it: what is no line is overwritten with spaces
 * where it stands, and nothing is moved but to the end.
 *
 * Invariant: no byte of a line that verifies and stands on a line of its own is touched, and the file never gets shorter. Readers
 * of the reference pass over lines of white space. A line of a form that this version does not know is left alone.
 */

import type { BadLine, Contracts } from './contracts.ts';

/** `bytes` to be written over what stands at `offset`. */
export interface Overwrite {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface ContractsRepair {
  /** What was found to be no contract: to be kept elsewhere before it is overwritten. */
  readonly rotten: readonly Uint8Array[];
  /** Those of `rotten` first, in its order. */
  readonly overwrites: readonly Overwrite[];
  /** To be appended before that: whole lines that were glued to another, or the newline that the last one misses. */
  readonly append: Uint8Array;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const END_OF_LINE = Uint8Array.of(NEWLINE);

/** Of `bytes`, which begin at the beginning of a line, and what `parseContracts` made of them. */
export function repairOf(bytes: Uint8Array, { bad, tornTail, glued, isUnended }: Contracts): ContractsRepair {
  const torn = tornTail === undefined ? [] : [{ offset: tornTail.offset, lengthBytes: tornTail.bytes.length }];
  const moved = glued.map(({ offset, text }) => ({ offset, lengthBytes: Buffer.byteLength(text) }));
  const rotten = [...bad.filter(isRotten), ...torn];
  const bytesOf = ({ offset, lengthBytes }: Extent): Uint8Array => bytes.subarray(offset, offset + lengthBytes);
  const isLastMoved = moved.some(({ offset, lengthBytes }) => offset + lengthBytes === bytes.length);
  const ends = isUnended && !isLastMoved ? [END_OF_LINE] : [];
  return {
    rotten: rotten.map(bytesOf),
    overwrites: [...rotten, ...moved].map((extent) => ({ offset: extent.offset, bytes: blank(bytes, extent) })),
    append: Buffer.concat([...ends, ...moved.flatMap((extent) => [bytesOf(extent), END_OF_LINE])]),
  };
}

type Extent = Pick<BadLine, 'offset' | 'lengthBytes'>;

/** What another program knows better than this one is not rotten. */
function isRotten({ code }: BadLine): boolean {
  return code !== 'ERR_UNKNOWN_VARIANT';
}

/** White space in place of `extent`, which ends the line before it and begins the one behind it. */
function blank(bytes: Uint8Array, { offset, lengthBytes }: Extent): Uint8Array {
  const blanked = new Uint8Array(lengthBytes).fill(SPACE);
  const end = offset + lengthBytes;
  if (offset > 0 && bytes[offset - 1] !== NEWLINE) blanked[0] = NEWLINE;
  if (bytes[end] !== NEWLINE) blanked[lengthBytes - 1] = NEWLINE;
  return blanked;
}
