/** The thread that places files: one batch after the other, as `placement-thread.ts` asks. */

import { parentPort } from 'node:worker_threads';
import { answerRequest, type PlacementRequest } from './placement-message.ts';
import { placeSync } from './place-sync.ts';

parentPort?.on('message', (request: PlacementRequest) => {
  parentPort?.postMessage(answerRequest(request, placeSync));
});
