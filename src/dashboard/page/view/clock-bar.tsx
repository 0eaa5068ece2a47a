/** A clock's offset with its error, on the one scale that all clocks are drawn on. */

import type { JSX } from 'preact';
import { clockPosition, isBeyondScale } from '../model/clock-scale.ts';
import { offsetText } from '../model/words.ts';

const WIDTH = 132;
const HEIGHT = 18;
const INSET = 4;
/** A bar that is thinner cannot be seen. */
const BAR_MIN = 2.5;

interface ClockBarProps {
  readonly offsetMs: number | null;
  readonly boundMs: number | null;
  readonly skewBoundMs: number;
  readonly isSkewed: boolean;
}

function xOf(offsetMs: number, skewBoundMs: number): number {
  return INSET + clockPosition(offsetMs, skewBoundMs) * (WIDTH - 2 * INSET);
}

export function ClockBar({ offsetMs, boundMs, skewBoundMs, isSkewed }: ClockBarProps): JSX.Element {
  const text = offsetText(offsetMs, boundMs);
  if (offsetMs === null || boundMs === null) return <span class="soft">{text}</span>;
  const middle = xOf(offsetMs, skewBoundMs);
  const left = Math.min(xOf(offsetMs - boundMs, skewBoundMs), middle - BAR_MIN);
  const right = Math.max(xOf(offsetMs + boundMs, skewBoundMs), middle + BAR_MIN);
  return (
    <span class={`clock-bar ${isSkewed ? 'skewed' : ''}`}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
        <Bounds skewBoundMs={skewBoundMs} />
        <rect class="error" x={left} y={5} width={right - left} height={8} rx={3} />
        <path class="offset" d={`M${middle.toFixed(1)} 2v14`} />
        {isBeyondScale(offsetMs, skewBoundMs) ? (
          <path class="offset" d={offsetMs > 0 ? `M${WIDTH - 7} 5l5 4l-5 4` : 'M7 5l-5 4l5 4'} />
        ) : null}
      </svg>
      <span class="figure">{text}</span>
    </span>
  );
}

/** The marks of the scale: no offset, and the skew bound on either side. */
export function ClockScale({ skewBoundMs }: { readonly skewBoundMs: number }): JSX.Element {
  return (
    <svg
      class="clock-scale"
      viewBox={`0 0 ${WIDTH} 12`}
      width={WIDTH}
      height={12}
      role="img"
      aria-label={`bound ±${skewBoundMs} ms`}
    >
      <text x={xOf(-skewBoundMs, skewBoundMs)} y={10}>
        −{skewBoundMs}
      </text>
      <text x={xOf(0, skewBoundMs)} y={10}>
        0
      </text>
      <text x={xOf(skewBoundMs, skewBoundMs)} y={10}>
        +{skewBoundMs}
      </text>
    </svg>
  );
}

function Bounds({ skewBoundMs }: { readonly skewBoundMs: number }): JSX.Element {
  const low = xOf(-skewBoundMs, skewBoundMs);
  const high = xOf(skewBoundMs, skewBoundMs);
  return (
    <>
      <rect class="within" x={low} y={0} width={high - low} height={HEIGHT} />
      <path class="bound" d={`M${low.toFixed(1)} 0v${HEIGHT}M${high.toFixed(1)} 0v${HEIGHT}`} />
      <path class="zero" d={`M${xOf(0, skewBoundMs).toFixed(1)} 0v${HEIGHT}`} />
    </>
  );
}
