/** `npm run bench:scale [-- --only ID... --json]`: what a million blocks cost. */

import { runBench } from '../run.ts';
import { catchUp } from './catch-up.ts';
import { reconcileRows } from './reconcile.ts';

await runBench('npm run bench:scale', [...reconcileRows, catchUp]);
