/**
 * A line chart as SVG text: axes with ticks, lines with a mark at each point, a legend.
 *
 * Invariant: the same data give the same bytes, so a committed plot changes only when its figures do. It brings its own
 * ground, dark where that is preferred, so that it can be read on any page; lines differ by dash as well as by colour.
 */

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** A value of x worth a line and a word. */
  readonly mark?: { readonly x: number; readonly label: string };
}

const [WIDTH, PLOT_HEIGHT] = [720, 290];
const MARGIN = { left: 70, right: 32, bottom: 60 };
/** Title, then the legend, a line for each series, then the plot. */
const TITLE_PX = 40;
/** Readable on white and on dark. */
export const COLOURS = ['#2f7ed8', '#e4572e', '#2a9d5c', '#9b5de5', '#c98a00', '#6c757d'];
const DASHES = ['', '6 4', '2 3', '8 3 2 3', '12 4', '1 4'];
const TICKS = 5;
/** More would hide the line. */
const MARKED_POINTS_MAX = 40;
const LEGEND_LINE_PX = 18;
/** Contrast of text to ground 10 : 1 in both. */
const STYLE = [
  '.ground{fill:#fff}text{font:12px sans-serif;fill:#3d444d}.title{font-weight:bold;font-size:13px}line{stroke:#59636e}',
  '@media(prefers-color-scheme:dark){.ground{fill:#0d1117}text{fill:#c9d1d9}line{stroke:#9198a1}}',
].join('');

export function lineChart({ title, xLabel, yLabel, series, mark }: LineChart): string {
  const top = TITLE_PX + series.length * LEGEND_LINE_PX + 10;
  const height = top + PLOT_HEIGHT + MARGIN.bottom;
  const points = series.flatMap((one) => one.points);
  const xMax = roundUp(Math.max(...points.map(([x]) => x)));
  const yMax = roundUp(Math.max(...points.map(([, y]) => y)));
  const plotWidth = WIDTH - MARGIN.left - MARGIN.right;
  const xOf = (x: number): number => MARGIN.left + (x / xMax) * plotWidth;
  const yOf = (y: number): number => height - MARGIN.bottom - (y / yMax) * PLOT_HEIGHT;
  const [left, bottom, right] = [MARGIN.left, height - MARGIN.bottom, WIDTH - MARGIN.right];

  const parts: string[] = [];
  for (let tick = 0; tick <= TICKS; tick++) {
    const [x, y] = [(xMax * tick) / TICKS, (yMax * tick) / TICKS];
    parts.push(line(left, yOf(y), right, yOf(y), 'stroke-opacity="0.2"'));
    parts.push(text(left - 8, yOf(y) + 4, figure(y), 'end'), text(xOf(x), bottom + 18, figure(x), 'middle'));
  }
  parts.push(line(left, bottom, right, bottom, ''), line(left, top, left, bottom, ''));
  if (mark !== undefined) {
    parts.push(line(xOf(mark.x), top, xOf(mark.x), bottom, 'stroke-dasharray="3 3"'));
    parts.push(text(xOf(mark.x) + 6, top + 14, mark.label, 'start'));
  }
  parts.push(text(WIDTH / 2, 24, title, 'middle', 'class="title"'));
  parts.push(text((left + right) / 2, height - 18, xLabel, 'middle'));
  parts.push(text(16, top + PLOT_HEIGHT / 2, yLabel, 'middle', `transform="rotate(-90 16 ${top + PLOT_HEIGHT / 2})"`));
  for (const [at, one] of series.entries()) {
    const colour = COLOURS[at % COLOURS.length] ?? '#888';
    const dash = DASHES[at % DASHES.length] ?? '';
    const path = one.points.map(([x, y]) => `${px(xOf(x))},${px(yOf(y))}`).join(' ');
    parts.push(
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/>`,
    );
    for (const [x, y] of one.points.length > MARKED_POINTS_MAX ? [] : one.points) {
      parts.push(`<circle cx="${px(xOf(x))}" cy="${px(yOf(y))}" r="3" fill="${colour}"/>`);
    }
    const legendY = TITLE_PX + at * LEGEND_LINE_PX;
    const sample = `stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"`;
    parts.push(`<path d="M${left} ${legendY}h26" ${sample}/>`, text(left + 34, legendY + 4, one.name, 'start'));
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function line(x1: number, y1: number, x2: number, y2: number, more: string): string {
  return `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" ${more}/>`;
}

function text(x: number, y: number, content: string, anchor: string, more = ''): string {
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}" ${more}>${escaped(content)}</text>`;
}

/** The next of 1, 2, 2.5, 5, 10 times a power of ten; 1 for nothing at all. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function figure(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US');
}

/** A length, as short as it is exact enough. */
export function px(value: number): string {
  return `${Number(value.toFixed(1))}`;
}

/** As text or as the value of an attribute, in SVG and HTML. */
export function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
