/** `npm run bench:scale [-- --only ID... --json]`: what a million blocks cost. */

import { runBench } from '../run.ts';
import { catchUp } from './catch-up.ts';
import { memory } from './memory.ts';
import { reconcileRows } from './reconcile.ts';
import { startRows } from './starts.ts';

await runBench('npm run bench:scale', [...reconcileRows, catchUp, ...startRows, memory]);
