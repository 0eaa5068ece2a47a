/** Ten minutes of throughput, agreement and duplicate work. */

import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { duration } from '../../../duration.ts';
import type { Sample, Summary } from '../../frames.ts';
import { latest, plotSeries } from '../model/plot-series.ts';
import { rateText, timeOfDay } from '../model/words.ts';
import { colourOf, onThemeChange } from '../theme.ts';
import { Card, Empty } from './parts.tsx';

const HEIGHT_PX = 150;
/** Of the time axes, in seconds and minutes. */
const TIMES: uPlot.Axis.DynamicValues = (_plot, splits) => splits.map((at) => timeOfDay(at * 1_000));
/** What the time axes span: it grows in steps, so that between them nothing moves but the lines. */
const SPANS_SECONDS = [60, 180, 600] as const;

interface PlotsProps {
  readonly samples: readonly Sample[];
  readonly summary: Summary;
}

export function Plots({ samples, summary }: PlotsProps): JSX.Element {
  const { at, finishedPerSecond, claimsPerSecond, duplicatePercent, agreeingPercent } = plotSeries(samples);
  const { convergenceMs } = summary;
  return (
    <>
      <PlotCard
        place="plot throughput"
        title="Throughput"
        aside={`${rateText(latest(finishedPerSecond))} blocks a second`}
        at={at}
        lines={[
          { name: 'finished/s', colour: '--success', values: finishedPerSecond },
          { name: 'claimed here/s', colour: '--processing', values: claimsPerSecond, dash: [4, 3] },
        ]}
      />
      <PlotCard
        place="plot convergence"
        title="Convergence"
        aside={
          convergenceMs === null ? 'nothing had to be repaired yet' : `the last repair took ${duration(convergenceMs)}`
        }
        at={at}
        lines={[{ name: '% of linked members with the same records', colour: '--accent', values: agreeingPercent }]}
        max={100}
      />
      <PlotCard
        place="plot duplicates"
        title="Duplicate work"
        aside={percentText(latest(duplicatePercent))}
        at={at}
        lines={[{ name: '% of results not needed', colour: '--failed', values: duplicatePercent }]}
        max={10}
      />
    </>
  );
}

function percentText(percent: number | null): string {
  return percent === null ? 'no results of late' : `${percent.toFixed(1)} % of the results of the last 30 s`;
}

interface Line {
  readonly name: string;
  readonly colour: `--${string}`;
  readonly values: readonly (number | null)[];
  readonly dash?: readonly number[];
}

interface PlotProps {
  readonly place: string;
  readonly title: string;
  readonly aside: string;
  readonly at: readonly number[];
  readonly lines: readonly Line[];
  /** The value axis goes up to this at least. */
  readonly max?: number;
}

function PlotCard({ place, title, aside, at, lines, max = 1 }: PlotProps): JSX.Element {
  const isEmpty = at.length < 2;
  return (
    <Card place={place} title={title} aside={aside}>
      {isEmpty ? (
        <div class="plot-space">
          <Empty>The first points come within seconds.</Empty>
        </div>
      ) : (
        <Plot at={at} lines={lines} max={max} label={`${title}: ${aside}`} />
      )}
    </Card>
  );
}

interface DrawnProps {
  readonly at: readonly number[];
  readonly lines: readonly Line[];
  readonly max: number;
  readonly label: string;
}

function Plot({ at, lines, max, label }: DrawnProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data: uPlot.AlignedData = [[...at], ...lines.map(({ values }) => [...values])];
  const drawn = useRef(data);
  drawn.current = data;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const build = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(plotOptions(lines, max, element.clientWidth), drawn.current, element);
    };
    build();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    resized.observe(element);
    const stop = onThemeChange(build);
    return () => {
      stop();
      resized.disconnect();
      plot.current?.destroy();
    };
    // Lines keep their names and colours for as long as the page lives.
  }, []);
  const last = at.at(-1);
  useEffect(() => plot.current?.setData(drawn.current), [last, at.length]);
  return (
    <>
      <div class="plot-space" ref={place} role="img" aria-label={label} />
      <ul class="key">
        {lines.map(({ name, colour, dash }) => (
          <li key={name}>
            <svg viewBox="0 0 22 8" aria-hidden="true">
              <path d="M0 4h22" style={{ stroke: `var(${colour})` }} stroke-dasharray={dash?.join(' ')} />
            </svg>
            {name}
          </li>
        ))}
      </ul>
    </>
  );
}

function spanOf(seconds: number): number {
  return SPANS_SECONDS.find((span) => span >= seconds) ?? SPANS_SECONDS[2];
}

function plotOptions(lines: readonly Line[], max: number, width: number): uPlot.Options {
  const soft = colourOf('--soft');
  const grid = { stroke: colourOf('--line'), width: 1 };
  const font = '11px system-ui, sans-serif';
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 30, 0, 0],
    scales: {
      x: { range: (_plot, start, end) => [end - spanOf(end - start), end] },
      y: { range: (_plot, _min, top) => [0, Math.max(max, (top ?? 0) * 1.1)] },
    },
    axes: [
      { stroke: soft, grid: { show: false }, ticks: grid, font, size: 26, space: 70, values: TIMES },
      { stroke: soft, grid, ticks: { show: false }, font, size: 38, space: 34 },
    ],
    series: [
      {},
      ...lines.map(({ colour, dash }) => ({
        stroke: colourOf(colour),
        width: 1.6,
        points: { show: false },
        ...(dash === undefined ? {} : { dash: [...dash] }),
      })),
    ],
  };
}
