/** Every block a square: a scrolled window over the whole range, by mouse, touch and keyboard. */

import type { JSX, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { readCell } from '../../cell.ts';
import { WINDOW_HEIGHTS_MAX, type Overview, type Wish } from '../../frames.ts';
import { GridPainter } from '../grid-painter.ts';
import {
  columnsFor,
  gridLayout,
  heightAt,
  isCursorKey,
  isInRange,
  moveCursor,
  PITCH_PX,
  rowAtScroll,
  rowOf,
  scrollAtRow,
  scrollToShow,
  wantedWindow,
  type GridLayout,
} from '../model/grid-layout.ts';
import { codeAt, type WindowCodes } from '../model/window-codes.ts';
import { integer, STATUS_WORDS } from '../model/words.ts';
import { onThemeChange } from '../theme.ts';

export interface BlockGridProps {
  readonly overview: Overview;
  readonly window: WindowCodes;
  readonly open: number | null;
  readonly onOpen: (number: number) => void;
  readonly onWant: (wish: Omit<Wish, 'open'>) => void;
  /** A height to show, and how often one was asked for: the same one may be asked for again. */
  readonly goTo: { readonly number: number; readonly times: number };
}

/** Rows that are shown: fewer when there are fewer, so that a young cluster leaves no hole. */
const ROWS_MAX = 16;
const ROWS_MIN = 4;

export function BlockGrid(props: BlockGridProps): JSX.Element {
  const { overview, window, open, onOpen, onWant, goTo } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<GridPainter | null>(null);
  const [widthPx, setWidthPx] = useState(0);
  const [scrollPx, setScrollPx] = useState(0);
  const [cursor, setCursor] = useState<number>();
  const [themes, setThemes] = useState(0);
  const range = { lowest: overview.lowest, highest: overview.highest };
  const columns = columnsFor(widthPx);
  const neededRows = gridLayout(range, columns, 0).rows;
  const layout = gridLayout(range, columns, Math.max(ROWS_MIN, Math.min(ROWS_MAX, neededRows)) * PITCH_PX);

  useWidth(scroller, setWidthPx);
  useLayoutEffect(() => {
    if (canvas.current !== null) painter.current = new GridPainter(canvas.current);
    return onThemeChange(() => {
      painter.current?.restyle();
      setThemes((times) => times + 1);
    });
  }, []);
  useKeptInPlace(scroller, layout, setScrollPx);
  useLayoutEffect(() => {
    if (widthPx > 0) painter.current?.paint({ layout, window, scrollPx, widthPx, cursor, open });
  }, [window, scrollPx, widthPx, cursor, open, themes, layout.topLine, layout.rows, range.highest, range.lowest]);

  const wanted = wantedWindow(layout, scrollPx, WINDOW_HEIGHTS_MAX);
  useEffect(() => {
    if (widthPx > 0) onWant(wanted);
  }, [wanted.from, wanted.heights, widthPx > 0]);

  const show = (number: number): void => {
    const element = scroller.current;
    setCursor(number);
    if (element !== null) element.scrollTop = scrollToShow(layout, element.scrollTop, rowOf(layout, number));
  };
  useEffect(() => {
    if (goTo.times === 0 || !isInRange(range, goTo.number)) return;
    setCursor(goTo.number);
    const row = rowOf(layout, goTo.number);
    scroller.current?.scrollTo({ top: scrollAtRow(layout, row - layout.viewportPx / PITCH_PX / 2) });
  }, [goTo.times]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (isCursorKey(event.key)) {
      event.preventDefault();
      show(cursor === undefined ? range.highest : moveCursor(layout, cursor, event.key));
    } else if (event.key === 'Enter' && cursor !== undefined) {
      event.preventDefault();
      onOpen(cursor);
    }
  };
  const pointed = ({ offsetX, offsetY }: MouseEvent): number | undefined =>
    heightAt(layout, scrollPx, offsetX, offsetY);
  const label = cursor === undefined ? undefined : cellLabel(cursor, codeAt(window, cursor));

  return (
    <div
      class="grid-scroller"
      ref={scroller}
      tabIndex={0}
      role="grid"
      aria-label={`Blocks ${integer(range.lowest)} to ${integer(range.highest)}, newest on top. Arrow keys move, Enter opens.`}
      aria-activedescendant={label === undefined ? undefined : 'grid-cursor'}
      style={{ height: `${layout.viewportPx}px` }}
      onScroll={({ currentTarget }) => setScrollPx(currentTarget.scrollTop)}
      onKeyDown={onKeyDown}
    >
      <canvas
        ref={canvas}
        style={{ width: `${widthPx}px`, height: `${layout.viewportPx}px` }}
        aria-hidden="true"
        onClick={(event) => {
          const number = pointed(event);
          if (number === undefined) return;
          setCursor(number);
          onOpen(number);
        }}
        onMouseMove={(event) => {
          const number = pointed(event);
          const text = number === undefined ? '' : cellLabel(number, codeAt(window, number));
          if (event.currentTarget.title !== text) event.currentTarget.title = text;
          event.currentTarget.style.cursor = number === undefined ? 'default' : 'pointer';
        }}
      />
      <div style={{ height: `${Math.max(0, layout.heightPx - layout.viewportPx)}px` }} aria-hidden="true" />
      <div role="row" class="hidden">
        <div role="gridcell" id="grid-cursor" aria-selected={label !== undefined} aria-live="polite">
          {label ?? ''}
        </div>
      </div>
    </div>
  );
}

/** `Block 1,024: success, disputed`. */
export function cellLabel(number: number, code: number | undefined): string {
  if (code === undefined) return `Block ${integer(number)}`;
  const { status, isDisputed, hasRivals } = readCell(code);
  const more = `${isDisputed ? ', disputed' : ''}${hasRivals ? ', several blocks at this height' : ''}`;
  return `Block ${integer(number)}: ${STATUS_WORDS[status]}${more}`;
}

function useWidth(element: RefObject<HTMLElement | null>, onWidth: (px: number) => void): void {
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const measure = (): void => onWidth(current.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
}

/** Who has scrolled away from the newest rows goes on to see the same ones while newer are added above. */
function useKeptInPlace(
  scroller: RefObject<HTMLElement | null>,
  layout: GridLayout,
  onScroll: (px: number) => void,
): void {
  const before = useRef(layout);
  useLayoutEffect(() => {
    const { current } = scroller;
    const known = before.current;
    before.current = layout;
    const added = layout.topLine - known.topLine;
    if (current === null || added <= 0 || known.columns !== layout.columns || current.scrollTop === 0) return;
    current.scrollTop = scrollAtRow(layout, rowAtScroll(known, current.scrollTop) + added);
    onScroll(current.scrollTop);
  }, [layout.topLine, layout.columns]);
}
