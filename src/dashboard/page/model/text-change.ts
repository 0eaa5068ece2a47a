/**
 * What a person did to a text between two looks at it, and where the caret goes when others change it.
 *
 * Invariant: the change, made to the text before, gives the text after; it is the shortest that lies in one place, so that
 * two people who write in different places never undo each other.
 */

export interface TextChange {
  readonly at: number;
  readonly deleted: number;
  readonly inserted: string;
}

/** `caret`: where it stands after the change. Among equal letters it says which of them were typed. Undefined: nothing changed. */
export function textChange(before: string, after: string, caret: number): TextChange | undefined {
  if (before === after) return undefined;
  // What follows the caret was there before, as far as it is the same.
  const suffixMax = Math.min(before.length, after.length - caret);
  let suffix = 0;
  while (suffix < suffixMax && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix++;
  const prefixMax = Math.min(before.length, after.length) - suffix;
  let prefix = 0;
  while (prefix < prefixMax && before[prefix] === after[prefix]) prefix++;
  return {
    at: prefix,
    deleted: before.length - prefix - suffix,
    inserted: after.slice(prefix, after.length - suffix),
  };
}

/** One step of a change as Yjs tells it. */
export interface DeltaStep {
  readonly retain?: number | undefined;
  readonly insert?: unknown;
  readonly delete?: number | undefined;
}

/** Where a caret at `position` stands after others changed the text; what is inserted at the caret itself comes after it. */
export function caretAfter(position: number, delta: readonly DeltaStep[]): number {
  let moved = position;
  let at = 0;
  for (const { retain = 0, insert, delete: deleted = 0 } of delta) {
    at += retain;
    if (typeof insert === 'string') {
      if (at < moved) moved += insert.length;
      at += insert.length;
    }
    if (deleted > 0 && at < moved) moved -= Math.min(deleted, moved - at);
  }
  return moved;
}
