/**
 * What the thread that places files is asked, and what it answers.
 *
 * One buffer, which changes hands, and lists side by side: an object and a buffer of its own for each file cost as much
 * as writing the file does.
 */

import { invariant } from '../../crdt/invariant.ts';
import {
  DiskError,
  type DiskCode,
  type FileIdentity,
  type Placed,
  type Placement,
  type PlacementOutcome,
} from './disk.ts';

/** Of each file at one index. */
export interface PlacementRequest {
  readonly sync: boolean;
  readonly temporaries: readonly string[];
  readonly targets: readonly string[];
  readonly expected: readonly (FileIdentity | undefined)[];
  /** Where in `contents` it ends and the next one begins. */
  readonly ends: readonly number[];
  readonly contents: Uint8Array<ArrayBuffer>;
}

/** An error does not pass between threads with its class. */
export type PlacementAnswer =
  | Placed
  | { readonly code: DiskCode; readonly argument: string; readonly expected: string; readonly found: string };

export function encodeRequest(batch: readonly Placement[], sync: boolean): PlacementRequest {
  const ends: number[] = [];
  let sizeBytes = 0;
  for (const { bytes } of batch) ends.push((sizeBytes += bytes.length));
  const contents = new Uint8Array(sizeBytes);
  for (const [at, { bytes }] of batch.entries()) contents.set(bytes, (ends[at] ?? 0) - bytes.length);
  return {
    sync,
    temporaries: batch.map(({ temporary }) => temporary),
    targets: batch.map(({ target }) => target),
    expected: batch.map(({ expected }) => expected),
    ends,
    contents,
  };
}

export function decodeRequest({
  temporaries,
  targets,
  expected,
  ends,
  contents,
}: PlacementRequest): readonly Placement[] {
  return targets.map((target, at): Placement => {
    const temporary = temporaries[at];
    invariant(temporary !== undefined, 'a file has a temporary one');
    return { temporary, target, bytes: contents.subarray(ends[at - 1] ?? 0, ends[at]), expected: expected[at] };
  });
}

export function encodeAnswer(outcome: PlacementOutcome): PlacementAnswer {
  if (!('failure' in outcome)) return outcome;
  const { code, argument, expected, found } = outcome.failure;
  return { code, argument, expected, found };
}

export function decodeAnswer(answer: PlacementAnswer): PlacementOutcome {
  return 'code' in answer ? { failure: new DiskError(answer.code, answer) } : answer;
}
