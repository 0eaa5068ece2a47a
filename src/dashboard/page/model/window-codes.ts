/**
 * The codes of the heights that the page follows, as the node's frames bring them.
 *
 * Invariant: outside the window nothing is known, which is not the same as a height of which the node knows nothing.
 */

import type { Frame } from '../../frames.ts';

export interface WindowCodes {
  readonly from: number;
  readonly codes: Uint8Array;
}

export const EMPTY_WINDOW: WindowCodes = { from: 0, codes: new Uint8Array() };

/** The window after a frame; the same object when nothing of it changed. */
export function applyFrame(
  window: WindowCodes,
  { window: whole, cells }: Pick<Frame, 'window' | 'cells'>,
): WindowCodes {
  const base = whole === undefined ? window : { from: whole.from, codes: bytesOf(whole.codes) };
  if (cells === undefined || cells.length === 0) return base;
  const codes = whole === undefined ? base.codes.slice() : base.codes;
  for (let at = 0; at + 1 < cells.length; at += 2) {
    const index = (cells[at] ?? 0) - base.from;
    if (index >= 0 && index < codes.length) codes[index] = cells[at + 1] ?? 0;
  }
  return { from: base.from, codes };
}

/** Undefined outside the window. */
export function codeAt({ from, codes }: WindowCodes, number: number): number | undefined {
  return codes[number - from];
}

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  return Uint8Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}
