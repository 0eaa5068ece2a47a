/** The thread that places files, as `placement-thread.ts` asks. */

import { parentPort } from 'node:worker_threads';
import type { PlacementOutcome } from './disk.ts';
import { decodeRequest, encodeAnswer, type PlacementAnswers, type PlacementRequest } from './placement-message.ts';
import { placeSynced, placeUnsynced } from './place-sync.ts';

parentPort?.on('message', (request: PlacementRequest) => {
  const batch = decodeRequest(request);
  if (request.sync) void placeSynced(batch).then((outcomes) => answer(request.id, outcomes));
  else answer(request.id, placeUnsynced(batch));
});

function answer(id: number, outcomes: readonly PlacementOutcome[]): void {
  const answers: PlacementAnswers = { id, answers: outcomes.map(encodeAnswer) };
  parentPort?.postMessage(answers);
}
