/** The blocks: an overview of all, a window on some, a legend, and a way to any of them by its number. */

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Cell } from '../../cell.ts';
import type { Summary, Wish } from '../../frames.ts';
import { drawSquare, readColours } from '../grid-painter.ts';
import { SQUARE_PX } from '../model/grid-layout.ts';
import type { WindowCodes } from '../model/window-codes.ts';
import { integer } from '../model/words.ts';
import { onThemeChange } from '../theme.ts';
import { BlockGrid } from './block-grid.tsx';
import { OverviewStrip } from './overview-strip.tsx';
import { Card, Empty, textIn } from './parts.tsx';

interface BlocksCardProps {
  readonly summary: Summary;
  readonly window: WindowCodes;
  readonly open: number | null;
  readonly onOpen: (number: number) => void;
  readonly onWant: (wish: Omit<Wish, 'open'>) => void;
}

export function BlocksCard({ summary, window, open, onOpen, onWant }: BlocksCardProps): JSX.Element {
  const [goTo, setGoTo] = useState({ number: 0, times: 0 });
  const { overview, blocks, finalBlock, loading, datadir } = summary;
  const show = (number: number): void => setGoTo(({ times }) => ({ number, times: times + 1 }));
  const final = finalBlock === null ? '' : `; final up to ${integer(finalBlock)}`;
  return (
    <Card
      place="blocks"
      title="Blocks"
      aside={`${integer(blocks.total)} known here, newest on top${final}`}
      end={overview === null ? null : <GoTo onGo={show} onOpen={onOpen} />}
    >
      {loading !== null ? (
        <Empty>
          The node is reading its directory: {integer(loading.done)} of {integer(loading.total)} files. Blocks are shown
          once it is through.
        </Empty>
      ) : overview === null ? (
        <Empty>
          No block yet. Put a witness, <code>NUMBER.0xHASH.w</code>, into <code>{datadir}/witness</code> of any member:
          it appears here within a second, as an empty square.
        </Empty>
      ) : (
        <>
          {overview.width > 1 ? <OverviewStrip overview={overview} onGoTo={show} /> : null}
          <BlockGrid overview={overview} window={window} open={open} onOpen={onOpen} onWant={onWant} goTo={goTo} />
        </>
      )}
      <Legend summary={summary} />
    </Card>
  );
}

interface GoToProps {
  readonly onGo: (number: number) => void;
  readonly onOpen: (number: number) => void;
}

function GoTo({ onGo, onOpen }: GoToProps): JSX.Element {
  return (
    <form
      class="go-to"
      onSubmit={(event) => {
        event.preventDefault();
        // `1,024`, and `1024.0x…` as blocks are called elsewhere.
        const digits = textIn(new FormData(event.currentTarget), 'number').replaceAll(/[,\s]|\..*$/g, '');
        const number = Number(digits);
        if (!Number.isSafeInteger(number) || number < 0 || digits === '') return;
        onGo(number);
        onOpen(number);
      }}
    >
      <label>
        <span class="hidden">Block number</span>
        <input name="number" inputMode="numeric" autocomplete="off" placeholder="block number" />
      </label>
      <button type="submit">Open</button>
    </form>
  );
}

const CELLS: readonly {
  readonly name: keyof Summary['blocks'] | 'rivals';
  readonly cell: Cell;
  readonly words: string;
}[] = [
  { name: 'success', cell: cellOf('success'), words: 'success: validated, final' },
  { name: 'processing', cell: cellOf('processing'), words: 'processing: somebody holds a lease' },
  { name: 'idle', cell: cellOf('idle'), words: 'idle: waits for a validator' },
  { name: 'failed', cell: cellOf('failed'), words: 'failed: will be tried again' },
  { name: 'disputed', cell: { ...cellOf('success'), isDisputed: true }, words: 'disputed: validators disagree' },
  { name: 'rivals', cell: { ...cellOf('success'), hasRivals: true }, words: 'several blocks at one height' },
];

function cellOf(status: Cell['status']): Cell {
  return { status, isDisputed: false, hasRivals: false };
}

function Legend({ summary }: { readonly summary: Summary }): JSX.Element {
  return (
    <ul class="key legend">
      {CELLS.map(({ name, cell, words }) => (
        <li key={name}>
          <Square cell={cell} />
          {name === 'rivals' ? null : <b>{integer(summary.blocks[name])}</b>} {words}
        </li>
      ))}
    </ul>
  );
}

function Square({ cell }: { readonly cell: Cell }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const draw = (): void => {
      const { current } = canvas;
      const context = current?.getContext('2d');
      if (current === null || context === null || context === undefined) return;
      current.width = SQUARE_PX * devicePixelRatio;
      current.height = SQUARE_PX * devicePixelRatio;
      context.scale(devicePixelRatio, devicePixelRatio);
      drawSquare(context, cell, readColours());
    };
    draw();
    return onThemeChange(draw);
  }, []);
  return (
    <canvas
      ref={canvas}
      class="square"
      style={{ width: `${SQUARE_PX}px`, height: `${SQUARE_PX}px` }}
      aria-hidden="true"
    />
  );
}
