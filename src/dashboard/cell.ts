/**
 * How a height is told of in one byte: the status of its block, and what is special about it.
 *
 * Invariant: `readCell(cellCode(cell))` is the cell. 0 is a height of which nothing is known.
 */

/** In the order of their codes. Of several blocks at one height the one that needs people most is shown: see `worse`. */
export const CELL_STATUSES = ['unknown', 'idle', 'processing', 'failed', 'success'] as const;
export type CellStatus = (typeof CELL_STATUSES)[number];

export interface Cell {
  readonly status: CellStatus;
  /** Validators disagree on a block of this height. */
  readonly isDisputed: boolean;
  /** Several blocks at this height: there was a reorg. */
  readonly hasRivals: boolean;
}

const STATUS_MASK = 0b0_0111;
const PROCESSING = CELL_STATUSES.indexOf('processing');
const DISPUTED = 0b0_1000;
const RIVALS = 0b1_0000;
export const CELL_CODE_MAX = STATUS_MASK | DISPUTED | RIVALS;

export const UNKNOWN_CELL: Cell = { status: 'unknown', isDisputed: false, hasRivals: false };

export function cellCode({ status, isDisputed, hasRivals }: Cell): number {
  return CELL_STATUSES.indexOf(status) | (isDisputed ? DISPUTED : 0) | (hasRivals ? RIVALS : 0);
}

/** A code that this version does not know is shown as unknown. */
export function readCell(code: number): Cell {
  return {
    status: CELL_STATUSES[code & STATUS_MASK] ?? 'unknown',
    isDisputed: (code & DISPUTED) !== 0,
    hasRivals: (code & RIVALS) !== 0,
  };
}

export function isProcessing(code: number): boolean {
  return (code & STATUS_MASK) === PROCESSING;
}

const CONCERN: Readonly<Record<CellStatus, number>> = { unknown: 0, success: 1, idle: 2, processing: 3, failed: 4 };

/** Of two blocks at one height, the status that is shown. */
export function worse(a: CellStatus, b: CellStatus): CellStatus {
  return CONCERN[a] >= CONCERN[b] ? a : b;
}
