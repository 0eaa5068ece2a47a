/**
 * Whether a demo's nodes have converged, and if not, what is missing: from what they say, and from their files.
 *
 * Invariant: converged means that every node has every block as `Success`, nothing left to write, all witnesses, and one
 * digest everywhere.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blockId, type BlockKey } from '../../crdt/ids.ts';
import { isFailure } from '../../crdt/errors.ts';
import { blockFileName } from '../files/file-names.ts';
import { decodeValidateFile } from '../files/validate-file.ts';
import type { StatusAnswer } from '../rpc/status-schema.ts';

/**
 * `statuses`: of all nodes; undefined for one that did not answer. `blocks`: how many were handed out; the directories may
 * hold more, of an earlier demo, so whoever has to be sure looks at {@link missingFrom} as well.
 */
export function hasConverged(statuses: readonly (StatusAnswer | undefined)[], blocks: number): boolean {
  const [first] = statuses;
  return statuses.every(
    (status) =>
      status !== undefined &&
      status.digest === first?.digest &&
      status.blocks.success >= blocks &&
      status.witnesses.held >= blocks &&
      status.files.pending === 0,
  );
}

/** How many names a message lists before it only counts. */
const NAMED_BLOCKS_MAX = 4;

/**
 * One line for each thing that is lacking, read from the files of the nodes. `blocks`: those that were handed out, of `total`
 * (undefined: without end).
 */
export async function missingFrom(
  nodes: readonly { readonly name: string; readonly datadir: string; readonly status: StatusAnswer | undefined }[],
  blocks: readonly BlockKey[],
  total: number | undefined,
): Promise<string[]> {
  const lines: string[] = [];
  if (total !== undefined && blocks.length < total) lines.push(`${blocks.length} of ${total} blocks handed out`);
  for (const { name, datadir, status } of nodes) {
    if (status === undefined) lines.push(`${name}: does not answer`);
    const unfinished: string[] = [];
    for (const key of blocks) if (!(await isSuccess(datadir, key))) unfinished.push(blockId(key));
    if (unfinished.length > 0) {
      const named = unfinished.slice(0, NAMED_BLOCKS_MAX).join(', ');
      lines.push(`${name}: ${unfinished.length} of ${blocks.length} not Success: ${named}`);
    }
    const witnesses = await countWitnesses(datadir);
    if (witnesses < blocks.length) lines.push(`${name}: ${witnesses} of ${blocks.length} witnesses`);
  }
  const digests = new Set(nodes.map(({ status }) => status?.digest));
  if (digests.size > 1)
    lines.push(`digests differ: ${nodes.map((node) => `${node.name} ${node.status?.digest ?? '?'}`).join(', ')}`);
  return lines;
}

async function isSuccess(datadir: string, key: BlockKey): Promise<boolean> {
  const name = blockFileName('validate', key);
  try {
    return decodeValidateFile(await readFile(join(datadir, 'validate', name)), name).info.status === 'Success';
  } catch (error) {
    if (isFailure(error) || isAbsent(error)) return false;
    throw error;
  }
}

async function countWitnesses(datadir: string): Promise<number> {
  return (await readdir(join(datadir, 'witness'))).filter((name) => name.endsWith('.w')).length;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
