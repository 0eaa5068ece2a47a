/** `npm run soak -- --hours N [--seed S] [--nodes N] [--report DIR]`: the scenario `everything` for hours. */

import { parseArgs } from 'node:util';
import { main } from '../src/cli/main.ts';

const SECONDS_PER_HOUR = 3_600;

const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '1' },
    seed: { type: 'string' },
    nodes: { type: 'string' },
    report: { type: 'string', default: 'soak' },
  },
});
const hours = Number(values.hours);
// What is no number is refused where the flag is parsed, with what was found.
const duration = Number.isFinite(hours) ? `${hours * SECONDS_PER_HOUR}` : values.hours;
const flags = Object.entries({ ...values, hours: undefined, duration }).flatMap(([name, value]) =>
  value === undefined ? [] : [`--${name}`, value],
);
process.exitCode = await main(['chaos', 'everything', ...flags]);
