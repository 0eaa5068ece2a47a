/**
 * The timeline of a run as SVG: faults as bands above; below, for each node, what it was, whether its digest was that of the
 * others, and how lag, leases and duplicates went.
 *
 * Invariant: pure; the same report gives the same bytes. Colours are classes, which the page sets for dark and light.
 */

import { escaped, px } from '../../plots/line-chart.ts';
import type { Sample } from '../observe/observer.ts';
import type { ChaosReport, NodeTimeline } from '../outcome.ts';
import { agreementOf } from './agreement.ts';

const WIDTH = 1_080;
const LEFT = 150;
const RIGHT = 14;
const BAND = 18;
const NODE = { state: 12, digest: 7, plot: 46, gap: 14 };
const AXIS = 26;
const TICKS = 8;

export function timeline(report: ChaosReport): string {
  const { strikes, timelines } = report;
  const endMs = Math.max(1, ...timelines.flatMap(({ samples }) => samples.map(({ atMs }) => atMs)));
  const xOf = (atMs: number): number => LEFT + (atMs / endMs) * (WIDTH - LEFT - RIGHT);
  const faults = [...new Set(strikes.map(({ plan }) => plan.fault))];
  const nodesTop = faults.length * BAND + 16;
  const nodeHeight = NODE.state + NODE.digest + NODE.plot + NODE.gap;
  const height = nodesTop + timelines.length * nodeHeight + AXIS;
  const bottom = height - AXIS;
  const parts: string[] = [];

  for (let tick = 0; tick <= TICKS; tick++) {
    const atMs = (endMs * tick) / TICKS;
    const x = px(xOf(atMs));
    parts.push(
      `<path class="grid" d="M${x} 0V${bottom}"/>`,
      text(xOf(atMs), height - 8, `${Math.round(atMs / 1_000)} s`, 'middle'),
    );
  }
  for (const [row, fault] of faults.entries()) {
    parts.push(text(LEFT - 8, row * BAND + 13, fault, 'end'));
    for (const { plan, targets, fromMs, untilMs } of strikes) {
      if (plan.fault !== fault) continue;
      const width = Math.max(3, xOf(untilMs) - xOf(fromMs));
      const hit = targets.map((index) => `${index + 1}`).join(' ');
      const label = `${fault} of ${hit}, ${seconds(fromMs)} to ${seconds(untilMs)} s`;
      parts.push(rect('fault', xOf(fromMs), row * BAND + 2, width, BAND - 4, label));
      if (width > hit.length * 7 + 6) parts.push(text(xOf(fromMs) + 4, row * BAND + 13, hit, 'start', 'onfault'));
      parts.push(rect('shade', xOf(fromMs), nodesTop - 8, width, bottom - nodesTop + 8));
    }
  }
  const tops = maxima(timelines);
  const agreement = agreementOf(timelines);
  for (const [row, { name, samples }] of timelines.entries()) {
    const top = nodesTop + row * nodeHeight;
    parts.push(
      text(LEFT - 8, top + 10, name, 'end', 'strong'),
      text(LEFT - 8, top + NODE.state + NODE.digest + 12, 'digest', 'end', 'small'),
    );
    for (const [at, sample] of samples.entries()) {
      const fromX = xOf(sample.atMs);
      const width = Math.max(0.5, xOf(samples[at + 1]?.atMs ?? endMs) - fromX + 0.3);
      parts.push(rect(stateClass(sample), fromX, top, width, NODE.state, at === 0 ? undefined : describe(sample)));
      const agrees = agreement.get(name)?.[at];
      if (agrees !== undefined)
        parts.push(rect(agrees ? 'same' : 'other', fromX, top + NODE.state + 2, width, NODE.digest - 2));
    }
    const plot = { top: top + NODE.state + NODE.digest + 3, height: NODE.plot };
    parts.push(`<path class="grid" d="M${LEFT} ${px(plot.top + plot.height)}H${WIDTH - RIGHT}"/>`);
    for (const figure of FIGURES) parts.push(line(figure, samples, tops[figure], plot, xOf));
  }
  return [
    `<svg class="timeline" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Timeline of ${escaped(report.summary.scenario)}">`,
    ...parts,
    '</svg>',
  ].join('\n');
}

export const FIGURES = ['lag', 'leases', 'duplicates'] as const;
export type Figure = (typeof FIGURES)[number];

/** The greatest of each over all nodes: what the height of a row stands for. */
export function maxima(timelines: readonly NodeTimeline[]): Readonly<Record<Figure, number>> {
  const said = timelines.flatMap(({ samples }) => samples.flatMap((sample) => sample.said ?? []));
  const most = (figure: Figure): number => said.reduce((max, one) => Math.max(max, one[figure]), 1);
  return { lag: most('lag'), leases: most('leases'), duplicates: most('duplicates') };
}

function line(
  figure: Figure,
  samples: readonly Sample[],
  most: number,
  plot: { readonly top: number; readonly height: number },
  xOf: (atMs: number) => number,
): string {
  let path = '';
  let isDrawing = false;
  for (const { atMs, said } of samples) {
    if (said !== undefined) {
      const y = plot.top + plot.height - (said[figure] / most) * (plot.height - 4);
      path += `${isDrawing ? 'L' : 'M'}${px(xOf(atMs))} ${px(y)}`;
    }
    isDrawing = said !== undefined;
  }
  return `<path class="line ${figure}" d="${path}"/>`;
}

function stateClass({ state, said }: Sample): string {
  if (state !== 'answers' || said === undefined) return state;
  return said.standing === 'outside' ? 'outside' : said.mode === 'normal' ? 'normal' : 'mode';
}

function describe({ atMs, state, said }: Sample): string {
  if (said === undefined) return `${seconds(atMs)} s: ${state}`;
  const { mode, standing, connected, lag, leases, duplicates, digest } = said;
  return `${seconds(atMs)} s: ${mode}, clock ${standing}, ${connected} peers, lag ${lag}, ${leases} leases, ${duplicates} duplicates, ${digest.slice(0, 8)}`;
}

function rect(name: string, x: number, y: number, width: number, height: number, title?: string): string {
  const shape = `<rect class="${name}" x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}"`;
  return title === undefined ? `${shape}/>` : `${shape}><title>${escaped(title)}</title></rect>`;
}

function text(x: number, y: number, content: string, anchor: string, name = ''): string {
  return `<text class="${name}" x="${px(x)}" y="${px(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
