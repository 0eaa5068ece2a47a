/**
 * A file is written beside its place, whole, and then takes it: in the single calls of a disk.
 *
 * Invariants: the target holds what it held or the new content, never a part; when the file did not take its place, the
 * temporary one is removed.
 */

import {
  DiskError,
  PLACEMENT_BYTES_MAX,
  PLACEMENTS_MAX,
  type Disk,
  type Placed,
  type Placement,
  type PlacementOutcome,
} from './disk.ts';

export interface PlaceOptions {
  /** Makes the content durable before it gets its name. */
  readonly sync: boolean;
}

type SingleCalls = Pick<Disk, 'create' | 'replace' | 'move' | 'remove' | 'identify'>;

/** With `any`, whatever is at the target is replaced. Throws a `DiskError`, after which the target is unchanged. */
export async function placeFile(
  disk: SingleCalls,
  { temporary, target, bytes, expected }: Omit<Placement, 'expected'> & { expected: Placement['expected'] | 'any' },
  options: PlaceOptions,
): Promise<Placed> {
  const identity = await disk.create(temporary, bytes, options);
  let replaced = false;
  try {
    if (expected === 'any') {
      await disk.move(temporary, target);
      replaced = true;
    } else replaced = await disk.replace(temporary, target, expected);
  } finally {
    // A temporary file that cannot be removed is harmless; why the write failed must not be lost over it.
    if (!replaced) await disk.remove(temporary).catch(() => undefined);
  }
  return replaced ? { replaced, identity } : { replaced, found: await disk.identify(target) };
}

/** `Disk.place` in single calls. */
export async function placeEach(
  disk: SingleCalls,
  batch: readonly Placement[],
  options: PlaceOptions,
): Promise<readonly PlacementOutcome[]> {
  checkBatch(batch);
  const outcomes: PlacementOutcome[] = [];
  for (const placement of batch) outcomes.push(await placeFile(disk, placement, options).catch(failureOf));
  return outcomes;
}

/** Throws `ERR_OVER_LIMIT`. */
export function checkBatch(batch: readonly Placement[]): void {
  const sizeBytes = batch.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (batch.length <= PLACEMENTS_MAX && sizeBytes <= PLACEMENT_BYTES_MAX) return;
  throw new DiskError('ERR_OVER_LIMIT', {
    argument: batch[0]?.target ?? 'batch',
    expected: `at most ${PLACEMENTS_MAX} files of together ${PLACEMENT_BYTES_MAX} bytes`,
    found: `${batch.length} of ${sizeBytes}`,
  });
}

function failureOf(error: unknown): PlacementOutcome {
  if (error instanceof DiskError) return { failure: error };
  throw error;
}
