/**
 * Where each height is drawn: rows of equally many squares, the newest row on top, numbers growing to the right.
 *
 * Invariant: a height keeps its column for as long as the width stays the same, and its row moves only when a whole row of
 * newer heights has been filled above it.
 */

/** Of a square with the gap beside it, in CSS pixels. */
export const PITCH_PX = 15;
export const SQUARE_PX = 13;
/** For the number of a row's first height. */
export const GUTTER_PX = 84;
/** What browsers take for the height of an element; taller ranges are scrolled through in larger steps. */
export const SCROLL_PX_MAX = 8_000_000;

export interface GridRange {
  readonly lowest: number;
  readonly highest: number;
}

export interface GridLayout {
  readonly range: GridRange;
  readonly columns: number;
  readonly rows: number;
  /** The row at the top begins with `topLine * columns`. */
  readonly topLine: number;
  readonly viewportPx: number;
  /** Of what is scrolled through. */
  readonly heightPx: number;
}

/** Tens of columns where there is room for them, so that rows begin with round numbers. */
export function columnsFor(widthPx: number): number {
  const fitting = Math.max(4, Math.floor((widthPx - GUTTER_PX) / PITCH_PX));
  return fitting >= 10 ? fitting - (fitting % 10) : fitting;
}

export function gridLayout(range: GridRange, columns: number, viewportPx: number): GridLayout {
  const topLine = Math.floor(range.highest / columns);
  const rows = topLine - Math.floor(range.lowest / columns) + 1;
  return { range, columns, rows, topLine, viewportPx, heightPx: Math.min(rows * PITCH_PX, SCROLL_PX_MAX) };
}

/** The row at the top of the viewport, with its fraction that is scrolled away. */
export function rowAtScroll(layout: GridLayout, scrollPx: number): number {
  const { rows, heightPx, viewportPx } = layout;
  const scrollable = heightPx - viewportPx;
  if (scrollable <= 0) return 0;
  const share = Math.min(1, Math.max(0, scrollPx / scrollable));
  return (share * (rows * PITCH_PX - viewportPx)) / PITCH_PX;
}

/** The opposite of {@link rowAtScroll}. */
export function scrollAtRow(layout: GridLayout, row: number): number {
  const { rows, heightPx, viewportPx } = layout;
  const hidden = rows * PITCH_PX - viewportPx;
  if (hidden <= 0) return 0;
  return (Math.min(Math.max(0, row * PITCH_PX), hidden) / hidden) * (heightPx - viewportPx);
}

export function rowOf({ topLine, columns }: GridLayout, number: number): number {
  return topLine - Math.floor(number / columns);
}

/** The first height of a row, which may lie below the range. */
export function firstOfRow({ topLine, columns }: GridLayout, row: number): number {
  return (topLine - row) * columns;
}

/** The height at a point of the viewport; undefined beside the squares. */
export function heightAt(layout: GridLayout, scrollPx: number, xPx: number, yPx: number): number | undefined {
  const column = Math.floor((xPx - GUTTER_PX) / PITCH_PX);
  if (column < 0 || column >= layout.columns) return undefined;
  const row = Math.floor(rowAtScroll(layout, scrollPx) + yPx / PITCH_PX);
  const number = firstOfRow(layout, row) + column;
  return isInRange(layout.range, number) ? number : undefined;
}

export function isInRange({ lowest, highest }: GridRange, number: number): boolean {
  return number >= lowest && number <= highest;
}

/** Heights to ask the node for: what is shown, and as much again above and below. `heightsMax`: at most. */
export function wantedWindow(
  layout: GridLayout,
  scrollPx: number,
  heightsMax: number,
): { readonly from: number; readonly heights: number } {
  const { columns, viewportPx } = layout;
  const shownRows = Math.ceil(viewportPx / PITCH_PX) + 1;
  const margin = Math.max(0, Math.min(shownRows, Math.floor((heightsMax / columns - shownRows) / 2)));
  const topRow = Math.floor(rowAtScroll(layout, scrollPx));
  const from = Math.max(0, firstOfRow(layout, topRow + shownRows + margin));
  const end = firstOfRow(layout, topRow - margin) + columns;
  return { from, heights: Math.max(0, Math.min(end - from, heightsMax)) };
}

export type CursorKey = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown' | 'PageUp' | 'PageDown' | 'Home' | 'End';

/** Where a key takes the cursor. Up is newer, as rows are drawn; Home is the newest. */
export function moveCursor(layout: GridLayout, cursor: number, key: CursorKey): number {
  const { range, columns, viewportPx } = layout;
  const page = columns * Math.max(1, Math.floor(viewportPx / PITCH_PX) - 1);
  const moved = {
    ArrowLeft: cursor - 1,
    ArrowRight: cursor + 1,
    ArrowUp: cursor + columns,
    ArrowDown: cursor - columns,
    PageUp: cursor + page,
    PageDown: cursor - page,
    Home: range.highest,
    End: range.lowest,
  }[key];
  return Math.min(range.highest, Math.max(range.lowest, moved));
}

export function isCursorKey(key: string): key is CursorKey {
  return /^(?:Arrow(?:Left|Right|Up|Down)|Page(?:Up|Down)|Home|End)$/.test(key);
}

/** The scroll position that shows `row` whole, moved as little as possible. */
export function scrollToShow(layout: GridLayout, scrollPx: number, row: number): number {
  const top = rowAtScroll(layout, scrollPx);
  const shown = layout.viewportPx / PITCH_PX;
  if (row < top) return scrollAtRow(layout, row);
  if (row + 1 > top + shown) return scrollAtRow(layout, row + 1 - shown);
  return scrollPx;
}
