/** `npm run chaos -- --json | node scripts/chaos-table.ts`: the lines as the table of `docs/reliability.md`. */

import { createInterface } from 'node:readline';
import { z } from 'zod';

const lineSchema = z.object({
  scenario: z.string(),
  nodes: z.number(),
  blocks: z.number(),
  lost: z.number(),
  unfinished: z.number(),
  different: z.number(),
  duplicates: z.number(),
  heals: z.number(),
  healMs: z.object({ p50: z.number().nullable(), p99: z.number().nullable() }),
  ok: z.boolean(),
  skipped: z.string().nullable(),
});

const columns = [
  'scenario',
  'nodes',
  'blocks',
  'lost',
  'unfinished',
  'different',
  'duplicates',
  'heals',
  'p50',
  'p99',
  'held',
];
const figure = (value: number | null): string => (value === null ? '' : value.toLocaleString('en-US'));

console.log(`| ${columns.join(' | ')} |`);
console.log(`| --- |${' ---: |'.repeat(columns.length - 2)} --- |`);
for await (const line of createInterface({ input: process.stdin })) {
  if (!line.startsWith('{')) continue;
  const { scenario, healMs, ok, skipped, ...counts } = lineSchema.parse(JSON.parse(line));
  const { nodes, blocks, lost, unfinished, different, duplicates, heals } = counts;
  const held = skipped === null ? (ok ? 'yes' : '**no**') : `skipped: ${skipped}`;
  const figures = [nodes, blocks, lost, unfinished, different, duplicates, heals, healMs.p50, healMs.p99].map(figure);
  console.log(`| \`${scenario}\` | ${figures.join(' | ')} | ${held} |`);
}
