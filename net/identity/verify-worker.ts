/** The thread that checks signatures: one batch after the other, as `verify-thread.ts` asks. */

import { parentPort } from 'node:worker_threads';
import { verifyBatch, type VerifyBatch } from './verify-batch.ts';
import { SignatureVerifier } from './verifier.ts';

const verifier = new SignatureVerifier();

parentPort?.on('message', (batch: VerifyBatch) => {
  const valid = verifyBatch(batch, (...signed) => verifier.verify(...signed));
  parentPort?.postMessage(valid, [valid.buffer]);
});
