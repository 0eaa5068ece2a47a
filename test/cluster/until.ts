/** Waiting for what a process will say or write: asked again and again, never for a fixed time. */

import { setTimeout as sleep } from 'node:timers/promises';

/** Between two questions. */
const POLL_MS = 40;
/** Far beyond what anything here takes; within mocha's timeout, so that the failure says what did not happen. */
const PATIENCE_MS = 50_000;
/** For a suite whose tests wait by {@link until}. */
export const TEST_TIMEOUT_MS = 90_000;

/** Resolves to the first answer of `probe` that is neither undefined nor false. A probe that throws is asked again. */
export async function until<T>(what: string, probe: () => T | Promise<T>): Promise<Exclude<T, undefined | false>> {
  const deadline = AbortSignal.timeout(PATIENCE_MS);
  let last: unknown;
  while (!deadline.aborted) {
    try {
      const answer = await probe();
      if (isAnswer(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`not seen in ${PATIENCE_MS} ms: ${what}`, { cause: last });
}

function isAnswer<T>(answer: T): answer is Exclude<T, undefined | false> {
  return answer !== undefined && answer !== false;
}
