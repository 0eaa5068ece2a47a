/**
 * Has a node take rotten lines out of `contracts.txt`, and waits until peers have brought these contracts again or the time is
 * over.
 *
 * Invariant: the file counts as repaired only after it was read again and found good; how many contracts it lacks then is said.
 */

import { join } from 'node:path';
import { pause } from '../../../net/clock.ts';
import { CONTRACTS_FILE } from '../../files/file-names.ts';
import { LOOK_AGAIN_MS, type RepairOptions, type RepairOutcome } from './repair.ts';
import { verifyFile } from './verify-datadir.ts';

const FILE = join('validate', CONTRACTS_FILE);

/** Throws what the node throws. */
export async function repairContracts({ disk, clock, layout, node, waitMs }: RepairOptions): Promise<RepairOutcome> {
  const endMs = clock.monotonicMs() + waitMs;
  let found = await node.rereadContracts();
  let { removed } = found;
  while (found.missing > 0 && node.hasPeers && clock.monotonicMs() < endMs) {
    await pause(clock, LOOK_AGAIN_MS);
    found = await node.rereadContracts();
    removed += found.removed;
  }
  if ((await verifyFile(disk, layout, FILE))?.kind !== 'good') {
    return {
      file: FILE,
      repaired: false,
      reason: 'a line is of a form that this version does not know, or is being written',
    };
  }
  return { file: FILE, repaired: true, detail: `${lines(removed)} put aside; ${backText(found.missing)}` };
}

function lines(count: number): string {
  return `${count} ${count === 1 ? 'line was' : 'lines were'}`;
}

function backText(missing: number): string {
  if (missing === 0) return 'no contract is missing';
  return `${missing} ${missing === 1 ? 'contract is' : 'contracts are'} missing that no peer in reach has given yet`;
}
