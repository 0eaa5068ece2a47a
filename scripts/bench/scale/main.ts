/** `npm run bench:scale [-- --only ID... --json]`: what a million blocks cost. */

import { runBench } from '../run.ts';
import { reconcileRows } from './reconcile.ts';

await runBench('npm run bench:scale', [...reconcileRows]);
