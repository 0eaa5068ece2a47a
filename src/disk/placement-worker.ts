/** The thread that places files, as `placement-thread.ts` asks. */

import { answerQuestions } from './disk-thread.ts';
import { decodeRequest, encodeAnswer, type PlacementAnswer, type PlacementRequest } from './placement-message.ts';
import { placeSynced, placeUnsynced } from './place-sync.ts';

answerQuestions<PlacementRequest, readonly PlacementAnswer[]>((request) => {
  const batch = decodeRequest(request);
  if (!request.sync) return [placeUnsynced(batch).map(encodeAnswer)];
  return placeSynced(batch).then((outcomes) => [outcomes.map(encodeAnswer)] as const);
});
