/** Waiting for what will happen, without guessing how long it takes: mocha's timeout is the only limit. */

/** Resolves at the first turn of the event loop at which `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
