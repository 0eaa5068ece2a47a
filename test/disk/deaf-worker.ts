/** A thread that places files, and never answers for one named `lost`. */

import { basename } from 'node:path';
import { ThreadProgram } from '../../src/disk/disk-thread.ts';
import {
  decodeRequest,
  encodeAnswer,
  type PlacementAnswer,
  type PlacementRequest,
} from '../../src/disk/placement-message.ts';
import { placeUnsynced } from '../../src/disk/place-sync.ts';

new ThreadProgram<PlacementRequest, readonly PlacementAnswer[]>(async (request) => {
  if (request.targets.some((target) => basename(target) === 'lost')) await new Promise(() => {});
  return [placeUnsynced(decodeRequest(request)).map(encodeAnswer)];
}).run();
