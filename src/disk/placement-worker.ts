/** The thread that places files, as `placement-thread.ts` asks. */

import { ThreadProgram } from './disk-thread.ts';
import { decodeRequest, encodeAnswer, type PlacementAnswer, type PlacementRequest } from './placement-message.ts';
import { placeSynced, placeUnsynced } from './place-sync.ts';

new ThreadProgram<PlacementRequest, readonly PlacementAnswer[]>((request) => {
  const batch = decodeRequest(request);
  if (!request.sync) return [placeUnsynced(batch).map(encodeAnswer)];
  return placeSynced(batch).then((outcomes) => [outcomes.map(encodeAnswer)]);
}).run();
