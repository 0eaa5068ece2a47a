/** A thread that places files, and never answers for one named `lost`. */

import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { decodeRequest, encodeAnswer, type PlacementRequest } from '../../src/disk/placement-message.ts';
import { placeUnsynced } from '../../src/disk/place-sync.ts';

parentPort?.on('message', (request: PlacementRequest) => {
  if (request.targets.some((target) => basename(target) === 'lost')) return;
  parentPort?.postMessage({ id: request.id, answers: placeUnsynced(decodeRequest(request)).map(encodeAnswer) });
});
