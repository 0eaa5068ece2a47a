/**
 * Group commit: what goes together of the things that wait.
 *
 * Invariant: a group is taken from the front, in order, and holds at least one thing and otherwise no more than both limits.
 */

/** Removes the group from `waiting`, which is not empty. */
export function takeGroup<T>(
  waiting: T[],
  bytesOf: (item: T) => number,
  limits: { readonly itemsMax: number; readonly bytesMax: number },
): readonly T[] {
  let sizeBytes = 0;
  const end = waiting.findIndex((item, at) => {
    sizeBytes += bytesOf(item);
    return at > 0 && (at === limits.itemsMax || sizeBytes > limits.bytesMax);
  });
  return waiting.splice(0, end < 0 ? waiting.length : end);
}
