/**
 * Paints squares of blocks on a canvas: each code is drawn once, small, and copied from there.
 *
 * Invariant: what is painted costs what is shown, whatever the range; a status has a colour and a mark, so that it can be
 * told without colours.
 */

import { CELL_CODE_MAX, readCell, type Cell } from '../cell.ts';
import {
  firstOfRow,
  GUTTER_PX,
  isInRange,
  PITCH_PX,
  rowAtScroll,
  SQUARE_PX,
  type GridLayout,
} from './model/grid-layout.ts';
import { codeAt, type WindowCodes } from './model/window-codes.ts';
import { colourOf } from './theme.ts';

export interface GridView {
  readonly layout: GridLayout;
  readonly window: WindowCodes;
  readonly scrollPx: number;
  readonly widthPx: number;
  /** The height that the keyboard stands on. */
  readonly cursor: number | undefined;
  /** The height that is open. */
  readonly open: number | null;
}

interface Colours {
  readonly text: string;
  readonly soft: string;
  readonly line: string;
  readonly mark: string;
  readonly card: string;
  readonly focus: string;
  readonly idle: string;
  readonly processing: string;
  readonly failed: string;
  readonly success: string;
  readonly disputed: string;
}

export class GridPainter {
  readonly #canvas: HTMLCanvasElement;
  #colours: Colours;
  #stamps: HTMLCanvasElement;
  #scale = 1;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#colours = readColours();
    this.#stamps = document.createElement('canvas');
    this.restyle();
  }

  /** Colours or the screen's resolution have changed. */
  restyle(): void {
    this.#scale = devicePixelRatio;
    this.#colours = readColours();
    this.#stamps.width = Math.ceil(PITCH_PX * this.#scale) * (CELL_CODE_MAX + 1);
    this.#stamps.height = Math.ceil(PITCH_PX * this.#scale);
    const context = this.#stamps.getContext('2d');
    if (context === null) return;
    for (let code = 0; code <= CELL_CODE_MAX; code++) {
      context.setTransform(this.#scale, 0, 0, this.#scale, code * this.#stamps.height, 0);
      drawSquare(context, readCell(code), this.#colours);
    }
  }

  paint({ layout, window, scrollPx, widthPx, cursor, open }: GridView): void {
    if (this.#scale !== devicePixelRatio) this.restyle();
    const { viewportPx, columns } = layout;
    const canvas = this.#canvas;
    const [width, height] = [Math.round(widthPx * this.#scale), Math.round(viewportPx * this.#scale)];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.setTransform(this.#scale, 0, 0, this.#scale, 0, 0);
    context.clearRect(0, 0, widthPx, viewportPx);
    const top = rowAtScroll(layout, scrollPx);
    const lastRow = Math.min(layout.rows - 1, Math.ceil(top + viewportPx / PITCH_PX));
    for (let row = Math.floor(top); row <= lastRow; row++) {
      const y = Math.round((row - top) * PITCH_PX);
      const first = firstOfRow(layout, row);
      this.#paintLabel(context, first, y);
      for (let column = 0; column < columns; column++) {
        const number = first + column;
        if (!isInRange(layout.range, number)) continue;
        const x = GUTTER_PX + column * PITCH_PX;
        this.#stamp(context, codeAt(window, number), x, y);
        if (number === open) this.#frame(context, x, y, this.#colours.text, 2);
        if (number === cursor) this.#frame(context, x, y, this.#colours.focus, 2);
      }
    }
  }

  #paintLabel(context: CanvasRenderingContext2D, first: number, y: number): void {
    context.fillStyle = this.#colours.soft;
    context.font = '11px ui-monospace, monospace';
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    context.fillText(first.toLocaleString('en-US'), GUTTER_PX - 10, y + SQUARE_PX / 2 + 0.5);
  }

  #stamp(context: CanvasRenderingContext2D, code: number | undefined, x: number, y: number): void {
    if (code === undefined) {
      // Not heard of yet: the node tells of it in a moment.
      context.fillStyle = this.#colours.line;
      context.fillRect(x + 4, y + 4, SQUARE_PX - 8, SQUARE_PX - 8);
      return;
    }
    const size = this.#stamps.height;
    context.drawImage(this.#stamps, code * size, 0, size, size, x, y, size / this.#scale, size / this.#scale);
  }

  #frame(context: CanvasRenderingContext2D, x: number, y: number, colour: string, width: number): void {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(x - 0.5, y - 0.5, SQUARE_PX + 1, SQUARE_PX + 1);
  }
}

/** One square at the origin, also as the legend shows it. */
export function drawSquare(context: CanvasRenderingContext2D, cell: Cell, colours: Colours): void {
  const { status, isDisputed, hasRivals } = cell;
  const size = SQUARE_PX;
  context.lineWidth = 1.5;
  if (isDisputed) {
    fill(context, colours.disputed, size);
    bang(context, colours.mark, size);
  } else if (status === 'unknown') {
    context.fillStyle = colours.line;
    context.beginPath();
    context.arc(size / 2, size / 2, 1.3, 0, 2 * Math.PI);
    context.fill();
  } else if (status === 'idle') {
    context.strokeStyle = colours.idle;
    context.strokeRect(1.25, 1.25, size - 2.5, size - 2.5);
  } else if (status === 'processing') {
    context.fillStyle = colours.processing;
    context.beginPath();
    context.moveTo(0.5, 0.5);
    context.lineTo(size - 0.5, size - 0.5);
    context.lineTo(0.5, size - 0.5);
    context.fill();
    context.strokeStyle = colours.processing;
    context.strokeRect(1.25, 1.25, size - 2.5, size - 2.5);
  } else if (status === 'failed') {
    fill(context, colours.failed, size);
    cross(context, colours.mark, size);
  } else {
    fill(context, colours.success, size);
  }
  if (hasRivals) notch(context, colours, size);
}

function fill(context: CanvasRenderingContext2D, colour: string, size: number): void {
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(0.5, 0.5, size - 1, size - 1, 2);
  context.fill();
}

function cross(context: CanvasRenderingContext2D, colour: string, size: number): void {
  context.strokeStyle = colour;
  context.lineWidth = 1.7;
  context.beginPath();
  context.moveTo(3.6, 3.6);
  context.lineTo(size - 3.6, size - 3.6);
  context.moveTo(size - 3.6, 3.6);
  context.lineTo(3.6, size - 3.6);
  context.stroke();
}

function bang(context: CanvasRenderingContext2D, colour: string, size: number): void {
  context.fillStyle = colour;
  context.fillRect(size / 2 - 1, 2.5, 2, 5);
  context.fillRect(size / 2 - 1, 8.6, 2, 2);
}

/** A corner of another colour: there are several blocks at this height. */
function notch(context: CanvasRenderingContext2D, colours: Colours, size: number): void {
  context.fillStyle = colours.card;
  context.beginPath();
  context.moveTo(size - 6, 0);
  context.lineTo(size, 0);
  context.lineTo(size, 6);
  context.fill();
  context.fillStyle = colours.text;
  context.beginPath();
  context.arc(size - 1.8, 1.8, 1.6, 0, 2 * Math.PI);
  context.fill();
}

export function readColours(): Colours {
  return {
    text: colourOf('--text'),
    soft: colourOf('--soft'),
    line: colourOf('--strong-line'),
    mark: colourOf('--mark'),
    card: colourOf('--card'),
    focus: colourOf('--focus'),
    idle: colourOf('--idle'),
    processing: colourOf('--processing'),
    failed: colourOf('--failed'),
    success: colourOf('--success'),
    disputed: colourOf('--disputed'),
  };
}
