/**
 * The report of a run: one HTML page that needs nothing beside it, for a dark screen and a light one.
 *
 * Invariant: pure; whatever a scenario or a node said is text in it, never markup.
 */

import { escaped, lineChart } from '../../plots/line-chart.ts';
import type { Sample } from '../observe/observer.ts';
import type { ChaosReport } from '../outcome.ts';
import { STYLE } from './style.ts';
import { FIGURES, maxima, timeline } from './timeline.ts';

/** Points of one line of a plot: more cannot be told apart. */
const PLOT_POINTS_MAX = 500;

export function page(report: ChaosReport): string {
  const { summary, breaks, command } = report;
  const title = `${summary.scenario}: ${summary.ok ? 'held' : 'failed'}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<p class="badge ${summary.ok ? 'ok' : 'bad'}">${summary.ok ? 'held' : 'failed'}</p>
<h1>${escaped(summary.scenario)}</h1>
<p>${escaped(breaks)}</p>
<p><code>${escaped(command)}</code></p>
</header>
${figures(report)}
<h2>Verdicts</h2>
${verdicts(report)}
<h2>Timeline</h2>
${legend(report)}
${timeline(report)}
<h2>Plots</h2>
<div class="plots">
${plots(report).join('\n')}
</div>
<h2>What happened</h2>
${notes(report)}
</body>
</html>
`;
}

function figures({ summary, healsMs }: ChaosReport): string {
  const { nodes, blocks, seconds, lost, unfinished, different, duplicates, healMs } = summary;
  const heal = healsMs.length === 0 ? 'nothing to heal' : `${healMs.p50} / ${healMs.p99} ms over ${healsMs.length}`;
  const entries: readonly (readonly [string, string | number])[] = [
    ['nodes', nodes],
    ['blocks', blocks],
    ['run', `${seconds} s`],
    ['acknowledged results lost', lost],
    ['blocks unfinished', unfinished],
    ['records that differ', different],
    ['duplicates', duplicates],
    ['heal to one digest, p50 / p99', heal],
  ];
  const cells = entries.map(([name, value]) => `<div><dt>${name}</dt><dd>${escaped(`${value}`)}</dd></div>`);
  return `<dl class="figures">${cells.join('')}</dl>`;
}

function verdicts(report: ChaosReport): string {
  const rows = report.verdicts.map(({ name, promise, ok, details }) => {
    const shown = details.map((detail) => `<li>${escaped(detail)}</li>`).join('');
    const mark = `<td class="${ok ? 'ok' : 'bad'}">${ok ? 'held' : 'failed'}</td>`;
    return `<tr>${mark}<th>${escaped(name)}</th><td>${escaped(promise)}${shown === '' ? '' : `<ul>${shown}</ul>`}</td></tr>`;
  });
  return `<table>${rows.join('\n')}</table>`;
}

function legend({ timelines }: ChaosReport): string {
  const most = maxima(timelines);
  const states = [
    ['normal', 'works'],
    ['mode', 'another mode than normal'],
    ['outside', 'claims nothing: its clock is outside'],
    ['paused', 'paused'],
    ['silent', 'does not answer'],
    ['down', 'does not run'],
    ['same', 'the digest of half of the others'],
    ['other', 'another, as happens while blocks come'],
  ].map(([name, what]) => `<span><i class="${name}"></i>${what}</span>`);
  const lines = FIGURES.map((figure) => `<span><i class="${figure}"></i>${figure}, up to ${most[figure]}</span>`);
  return `<p class="legend">${[...states, ...lines].join(' ')}</p>`;
}

function plots(report: ChaosReport): string[] {
  const of = (title: string, yLabel: string, figure: (sample: Sample) => number | undefined): string =>
    lineChart({
      title,
      xLabel: 'seconds since the start',
      yLabel,
      series: report.timelines.map(({ name, samples }) => ({ name, points: pointsOf(samples, figure) })),
    });
  const all = [
    of('Blocks that are not yet Success', 'blocks', ({ said }) => said?.lag),
    of('Duplicates, as each node counts them', 'results', ({ said }) => said?.duplicates),
    of('Memory', 'MiB resident', ({ memoryBytes }) => (memoryBytes === undefined ? undefined : memoryBytes / 2 ** 20)),
    of('Handles', 'open descriptors', ({ handles }) => handles),
  ];
  if (report.healsMs.length < 2) return all;
  const sorted = [...report.healsMs].sort((a, b) => a - b);
  const points = sorted.map((ms, at) => [((at + 1) / sorted.length) * 100, ms] as const);
  const heals = lineChart({
    title: 'From heal to identical digests',
    xLabel: '% of heals',
    yLabel: 'ms',
    series: [{ name: `${sorted.length} heals`, points }],
  });
  return [...all, heals];
}

function pointsOf(
  samples: readonly Sample[],
  figure: (sample: Sample) => number | undefined,
): (readonly [number, number])[] {
  const every = Math.ceil(samples.length / PLOT_POINTS_MAX);
  return samples.flatMap((sample, at) => {
    const value = at % every === 0 ? figure(sample) : undefined;
    return value === undefined ? [] : [[sample.atMs / 1_000, value] as const];
  });
}

function notes({ notes: said }: ChaosReport): string {
  const items = said.map(({ atMs, text }) => `<li><b>${(atMs / 1_000).toFixed(1)} s</b> ${escaped(text)}</li>`);
  return `<ol class="notes">${items.join('\n')}</ol>`;
}
