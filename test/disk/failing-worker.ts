/** A thread that ends over what it is sent. */

import { parentPort } from 'node:worker_threads';

parentPort?.on('message', () => {
  throw new Error('a defect');
});
