/** The thread of a `SeedThread`: runs each seed it is sent, and answers with the report. */

import { parentPort } from 'node:worker_threads';
import { runSeed } from './run-seed.ts';
import { withoutNeedlessEvents } from './report.ts';
import type { SeedRequest } from './seed-thread.ts';

parentPort?.on('message', ({ seed, options }: SeedRequest) => {
  void runSeed(seed, options).then((report) => parentPort?.postMessage(withoutNeedlessEvents(report)));
});
