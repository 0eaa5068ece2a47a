/** A thread that runs the cells it is sent, one after the other. */

import { parentPort } from 'node:worker_threads';
import { runCell, type CellRequest } from './cell.ts';

parentPort?.on('message', (request: CellRequest) => {
  void runCell(request).then((cell) => parentPort?.postMessage(cell));
});
