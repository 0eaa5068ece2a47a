/** Waiting for what will happen, at the pace of the event loop and not of a clock. */

/** A test that waits this long has failed. Less than mocha's limit, so that the waiting ends with the test. */
const WAIT_MS_MAX = 15_000;

/** Resolves at the first turn of the event loop at which `condition` holds. Until then `act` is called at every `turns`-th turn. */
export async function until(condition: () => boolean, act: () => unknown = () => {}, turns = 1): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS_MAX;
  for (let turn = 0; !condition(); turn++) {
    if (performance.now() > deadlineMs) throw new Error(`did not come to hold: ${String(condition)}`);
    if (turn % turns === 0) await act();
    await nextTurn();
  }
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
