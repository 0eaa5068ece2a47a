/** The whole range of heights in one strip: where work is left, and a way to get there. */

import type { JSX } from 'preact';
import type { Overview } from '../../frames.ts';
import { integer } from '../model/words.ts';

interface OverviewStripProps {
  readonly overview: Overview;
  readonly onGoTo: (number: number) => void;
}

const WIDTH = 960;
const HEIGHT = 22;
/** A single unfinished block among ten thousand is still seen. */
const PART_MIN = 2.5;

/** In the order in which they are stacked from the bottom. */
const PARTS = ['disputed', 'failed', 'processing', 'idle'] as const;

export function OverviewStrip({ overview, onGoTo }: OverviewStripProps): JSX.Element {
  const { lowest, highest, pieces, width } = overview;
  const pieceWidth = WIDTH / pieces.length;
  const unfinished = pieces.reduce((sum, { idle, processing, failed }) => sum + idle + processing + failed, 0);
  const label = `Heights ${integer(lowest)} to ${integer(highest)}; ${integer(unfinished)} blocks without a success`;
  return (
    <div class="overview">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
        onClick={({ currentTarget, offsetX }) => {
          const at = Math.floor((offsetX / currentTarget.clientWidth) * pieces.length);
          onGoTo(Math.min(highest, lowest + at * width));
        }}
      >
        {pieces.map((piece, at) => (
          <Piece
            key={at}
            piece={piece}
            x={at * pieceWidth}
            width={pieceWidth}
            from={lowest + at * width}
            span={width}
          />
        ))}
      </svg>
      <div class="ends" aria-hidden="true">
        <span>{integer(lowest)}</span>
        <span>{integer(highest)}</span>
      </div>
    </div>
  );
}

interface PieceProps {
  readonly piece: Overview['pieces'][number];
  readonly x: number;
  readonly width: number;
  readonly from: number;
  readonly span: number;
}

function Piece({ piece, x, width, from, span }: PieceProps): JSX.Element {
  const { total, idle, processing, failed } = piece;
  const success = total - idle - processing - failed;
  const inside = Math.max(1, width - 1);
  let y = HEIGHT;
  return (
    <g>
      <title>{`${integer(from)} to ${integer(from + span - 1)}: ${success} success, ${processing} processing, ${idle} idle, ${failed} failed`}</title>
      <rect x={x} y={0} width={inside} height={HEIGHT} class={total === 0 ? 'nothing' : 'all'} />
      {PARTS.map((part) => {
        if (piece[part] === 0) return null;
        const height = Math.max(PART_MIN, (piece[part] / total) * HEIGHT);
        y -= height;
        return <rect key={part} x={x} y={Math.max(0, y)} width={inside} height={height} class={part} />;
      })}
    </g>
  );
}
