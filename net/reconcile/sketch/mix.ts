/**
 * 64-bit item ids spread over 32-bit words.
 *
 * The finalizer of MurmurHash3 (Appleby, 2008) on either half, keyed by `round`. It is not linear over XOR, which is what
 * the checks of coded symbols rest on. It is no secret: a member who crafts colliding ids spoils one sketch, and the
 * session goes on with ranges.
 */

const GOLDEN = 0x9e37_79b9;

/** 32 bits of `high` and `low`; another 32 for each `round`. */
export function mix(high: number, low: number, round: number): number {
  return finalize(finalize(low + Math.imul(round, GOLDEN)) ^ high) >>> 0;
}

function finalize(word: number): number {
  let mixed = word | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
