/**
 * Reads files again as if they had never been read, whether their identity changed or not, and says what became of them.
 *
 * Invariant: whatever intake does about a bad file happens: it goes to quarantine, a `.v` is written again from its record, a
 * `.w` is fetched from a peer that holds it. Neither is waited for: who wants to know asks again.
 */

import type { BlockKey } from '../../crdt/ids.ts';
import type { BlockFileKind } from '../files/file-names.ts';
import type { Replica } from '../replica/replica.ts';
import type { FileLedger } from '../store/file-ledger.ts';
import type { WitnessStanding } from '../witness/fetcher.ts';

/** Blocks that one call may have read again: at most 64 × 256 MiB of witnesses, usually a megabyte. */
export const REREAD_BLOCKS_MAX = 64;

export interface BlockFiles {
  readonly key: BlockKey;
  /** `unknown`: nobody has told this node of the block. `unwritten`: its record is known, its file not written yet. */
  readonly validate: 'good' | 'unwritten' | 'unknown';
  readonly witness: WitnessStanding;
}

export interface RereadParts {
  readonly replica: Pick<Replica, 'fingerprint'>;
  readonly files: FileLedger;
  readonly takeIn: Readonly<Record<BlockFileKind, (key: BlockKey) => Promise<void>>>;
}

/** Throws as the disk does. */
export async function rereadFile({ files, takeIn }: RereadParts, kind: BlockFileKind, key: BlockKey): Promise<void> {
  files.distrust(kind, key);
  await takeIn[kind](key);
}

/** Throws as the disk does. */
export async function rereadBlock(
  parts: RereadParts,
  standingOf: (key: BlockKey) => WitnessStanding,
  key: BlockKey,
): Promise<BlockFiles> {
  for (const kind of ['validate', 'witness'] as const) await rereadFile(parts, kind, key);
  return { key, validate: validateStanding(parts, key), witness: standingOf(key) };
}

function validateStanding({ replica, files }: RereadParts, key: BlockKey): BlockFiles['validate'] {
  const fingerprint = replica.fingerprint(key);
  if (fingerprint === undefined) return 'unknown';
  return files.holdsRecord(key, fingerprint) ? 'good' : 'unwritten';
}
