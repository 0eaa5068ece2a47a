/** A thread that places files, and never answers for one named `lost`. */

import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { answerRequest, type PlacementRequest } from '../../src/disk/placement-message.ts';
import { placeSync } from '../../src/disk/place-sync.ts';

parentPort?.on('message', (request: PlacementRequest) => {
  if (request.targets.some((target) => basename(target) === 'lost')) return;
  parentPort?.postMessage(answerRequest(request, placeSync));
});
