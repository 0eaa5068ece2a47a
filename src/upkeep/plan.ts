/**
 * What is due for a block that is final: to be archived, settled, or pruned. Pure decisions.
 *
 * Invariant: nothing is due for a block that is not final, and pruning never reaches beyond the last final block nor beyond
 * the newest block that this node itself has finished: a wrong `chain.status` far ahead does not empty a directory.
 */

export interface UpkeepSettings {
  /** How many blocks behind the last final one files move to `backup/`. */
  readonly archiveAfterBlocks: number;
  /** How many behind it records are reduced to their results; 0: never. */
  readonly settleAfterBlocks: number;
  /** Keep so many blocks up to the last final one; undefined: all. */
  readonly retainBlocks: number | undefined;
  /** Keep what changed within so many milliseconds; undefined: all. */
  readonly retainMs: number | undefined;
  /** Keep as many of the newest blocks as fit into so many bytes of files; undefined: all. */
  readonly retainBytes: number | undefined;
}

/** A final block with its files. */
export interface KeptBlock {
  readonly number: number;
  readonly sizeBytes: number;
  /** When its `.v` changed last, by the file system's clock. */
  readonly changedAtMs: number;
}

export function archiveBelow(finalNumber: number, { archiveAfterBlocks }: UpkeepSettings): number {
  return finalNumber - archiveAfterBlocks + 1;
}

export function settleBelow(finalNumber: number, { settleAfterBlocks }: UpkeepSettings): number {
  return settleAfterBlocks === 0 ? 0 : finalNumber - settleAfterBlocks + 1;
}

export interface RetentionSituation {
  readonly finalNumber: number;
  /** The newest block with a Success here. */
  readonly newestFinished: number;
  readonly nowMs: number;
  /** What the files of blocks that are not final take. */
  readonly otherBytes: number;
  /** By number. */
  readonly kept: readonly KeptBlock[];
}

/** Blocks below the number that is returned are to be pruned. */
export function pruneBelow(situation: RetentionSituation, settings: UpkeepSettings): number {
  const { finalNumber, newestFinished, nowMs, kept } = situation;
  const limit = Math.min(finalNumber, newestFinished) + 1;
  const { retainBlocks, retainMs, retainBytes } = settings;
  let below = retainBlocks === undefined ? 0 : limit - retainBlocks;
  if (retainMs !== undefined) {
    const firstKept = kept.find(({ changedAtMs }) => changedAtMs >= nowMs - retainMs);
    below = Math.max(below, firstKept?.number ?? (kept.at(-1)?.number ?? -1) + 1);
  }
  if (retainBytes !== undefined) {
    let sizeBytes = situation.otherBytes;
    for (const block of kept.toReversed()) {
      sizeBytes += block.sizeBytes;
      if (sizeBytes <= retainBytes) continue;
      below = Math.max(below, block.number + 1);
      break;
    }
  }
  return Math.max(0, Math.min(below, limit));
}
