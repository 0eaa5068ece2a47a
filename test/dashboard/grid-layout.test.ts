import assert from 'node:assert/strict';
import fc from 'fast-check';
import { WINDOW_HEIGHTS_MAX } from '../../src/dashboard/frames.ts';
import {
  columnsFor,
  firstOfRow,
  gridLayout,
  GUTTER_PX,
  heightAt,
  moveCursor,
  PITCH_PX,
  rowAtScroll,
  rowOf,
  SCROLL_PX_MAX,
  scrollAtRow,
  scrollToShow,
  wantedWindow,
  type GridLayout,
} from '../../src/dashboard/page/model/grid-layout.ts';
import { holds } from '../properties.ts';

const VIEWPORT_PX = 16 * PITCH_PX;

/** Up to a range that is taller than browsers scroll. */
const layouts: fc.Arbitrary<GridLayout> = fc
  .record({
    lowest: fc.nat(2 ** 31),
    span: fc.oneof(fc.nat(300), fc.nat(1_000_000), fc.nat(2 ** 31)),
    columns: fc.integer({ min: 4, max: 120 }),
  })
  .map(({ lowest, span, columns }) => gridLayout({ lowest, highest: lowest + span }, columns, VIEWPORT_PX));

describe('the layout of the block grid', () => {
  it('has columns in tens, and a few on the narrowest screen', () => {
    assert.equal(columnsFor(1_380), 80);
    assert.equal(columnsFor(360), 10);
    assert.equal(columnsFor(0), 4);
  });

  it('keeps a height in its row and column while newer ones fill the row above', () => {
    const before = gridLayout({ lowest: 1, highest: 104 }, 10, VIEWPORT_PX);
    const after = gridLayout({ lowest: 1, highest: 109 }, 10, VIEWPORT_PX);
    assert.equal(rowOf(before, 55), rowOf(after, 55));
    const wrapped = gridLayout({ lowest: 1, highest: 110 }, 10, VIEWPORT_PX);
    assert.equal(rowOf(wrapped, 55), rowOf(before, 55) + 1);
  });

  it('finds under the pointer the height that was drawn there', () => {
    holds(
      fc.property(layouts, fc.nat(1_000), fc.nat(15), (layout, share, shownRow) => {
        const scrollPx = ((layout.heightPx - VIEWPORT_PX) * share) / 1_000;
        const top = Math.floor(rowAtScroll(layout, Math.max(0, scrollPx)));
        const row = top + shownRow;
        const number = firstOfRow(layout, row) + layout.columns - 1;
        const xPx = GUTTER_PX + (layout.columns - 1) * PITCH_PX + 2;
        const yPx = (row - rowAtScroll(layout, Math.max(0, scrollPx))) * PITCH_PX + 2;
        const expected = number >= layout.range.lowest && number <= layout.range.highest ? number : undefined;
        assert.equal(heightAt(layout, Math.max(0, scrollPx), xPx, yPx), expected);
      }),
    );
    const layout = gridLayout({ lowest: 0, highest: 99 }, 10, VIEWPORT_PX);
    assert.equal(heightAt(layout, 0, GUTTER_PX - 1, 5), undefined);
    assert.equal(heightAt(layout, 0, GUTTER_PX + 10 * PITCH_PX + 1, 5), undefined);
  });

  it('scrolls through any range within what a browser takes, and reaches its end', () => {
    holds(
      fc.property(layouts, (layout) => {
        assert.ok(layout.heightPx <= SCROLL_PX_MAX);
        const end = rowAtScroll(layout, layout.heightPx - VIEWPORT_PX);
        const hidden = Math.max(0, layout.rows - VIEWPORT_PX / PITCH_PX);
        assert.ok(Math.abs(end - hidden) < 1e-6 * Math.max(1, hidden), `${end} of ${hidden}`);
        assert.equal(rowAtScroll(layout, 0), 0);
      }),
    );
  });

  it('goes to a row and is there', () => {
    holds(
      fc.property(layouts, fc.nat(2 ** 31), (layout, anywhere) => {
        const row = anywhere % layout.rows;
        const scrollPx = scrollAtRow(layout, row);
        const shown = rowAtScroll(layout, scrollPx);
        assert.ok(shown <= row + 1e-3 && row < shown + VIEWPORT_PX / PITCH_PX + 1e-3, `${shown} for ${row}`);
      }),
    );
  });

  it('asks for what is shown, and no more than the node tells', () => {
    holds(
      fc.property(layouts, fc.nat(1_000), (layout, share) => {
        const scrollPx = Math.max(0, ((layout.heightPx - VIEWPORT_PX) * share) / 1_000);
        const { from, heights } = wantedWindow(layout, scrollPx, WINDOW_HEIGHTS_MAX);
        assert.ok(heights <= WINDOW_HEIGHTS_MAX);
        const topRow = Math.floor(rowAtScroll(layout, scrollPx));
        const shownRows = Math.min(layout.rows - topRow, VIEWPORT_PX / PITCH_PX);
        const newest = Math.min(layout.range.highest, firstOfRow(layout, topRow) + layout.columns - 1);
        const oldest = Math.max(layout.range.lowest, firstOfRow(layout, topRow + shownRows - 1));
        assert.ok(from <= oldest && newest < from + heights, `${from}+${heights} for ${oldest}…${newest}`);
      }),
    );
  });

  it('asks beyond the newest, so that a height that comes is told of at once', () => {
    const layout = gridLayout({ lowest: 0, highest: 1_004 }, 10, VIEWPORT_PX);
    const { from, heights } = wantedWindow(layout, 0, WINDOW_HEIGHTS_MAX);
    assert.ok(from + heights > 1_010 + 100);
  });

  it('moves the cursor by one, by a row, by a page and to the ends, and never out of the range', () => {
    const layout = gridLayout({ lowest: 5, highest: 1_000 }, 10, VIEWPORT_PX);
    assert.equal(moveCursor(layout, 500, 'ArrowRight'), 501);
    assert.equal(moveCursor(layout, 500, 'ArrowUp'), 510);
    assert.equal(moveCursor(layout, 500, 'ArrowDown'), 490);
    assert.equal(moveCursor(layout, 500, 'PageDown'), 350);
    assert.equal(moveCursor(layout, 500, 'Home'), 1_000);
    assert.equal(moveCursor(layout, 500, 'End'), 5);
    assert.equal(moveCursor(layout, 5, 'ArrowDown'), 5);
    assert.equal(moveCursor(layout, 1_000, 'PageUp'), 1_000);
  });

  it('scrolls to the cursor only when it is out of sight', () => {
    const layout = gridLayout({ lowest: 0, highest: 9_999 }, 10, VIEWPORT_PX);
    const at = scrollAtRow(layout, 100);
    assert.equal(scrollToShow(layout, at, 105), at);
    assert.ok(scrollToShow(layout, at, 99) < at);
    assert.ok(scrollToShow(layout, at, 116) > at);
  });
});
