/** `memory`: what a million blocks take of resident memory, in a process of its own (`memory-child.ts`). */

import { z } from 'zod';
import type { BenchRow } from '../row.ts';
import { runChild } from './child.ts';
import { SCALE_BLOCKS } from './starts.ts';

const figures = z.object({ bytesPerBlock: z.number() });
const BUDGET_MB = 300;

export const memory: BenchRow = {
  id: 'memory',
  what: `resident memory per million blocks, as it grows from ${(SCALE_BLOCKS / 4).toLocaleString('en-US')} to ${SCALE_BLOCKS.toLocaleString('en-US')}`,
  unit: 'MB',
  ours: 'records, index, shelf, ledger, tally',
  against: 'what they may take',
  target: { kind: 'at-most', bound: 1 },
  pairs: 1,
  isCold: true,
  prepare: () =>
    Promise.resolve({
      async ours() {
        return figures.parse(await runChild('memory-child.ts', [`${SCALE_BLOCKS}`])).bytesPerBlock;
      },
      against: () => Promise.resolve(BUDGET_MB),
      close: () => Promise.resolve(),
    }),
};
