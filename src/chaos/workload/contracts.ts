/** The contract cache that every node of a run has from the start: small lines that can be checked, and damaged. */

import { writeFile } from 'node:fs/promises';
import { bytesToHex } from '../../../crdt/hex.ts';
import { blake3, keccak256 } from '../../../crdt/hash.ts';
import type { Hash32 } from '../../../crdt/ids.ts';
import type { ChaosNode } from '../fleet/chaos-node.ts';

const CONTRACTS = 20;

/** Resolves to their hashes. */
export async function writeContracts(nodes: readonly ChaosNode[]): Promise<ReadonlySet<Hash32>> {
  const codes = Array.from({ length: CONTRACTS }, (_, at) => blake3(new TextEncoder().encode(`contract ${at}`)));
  const hashes = codes.map((code) => keccak256(code));
  const lines = codes.map((code, at) => JSON.stringify([hashes[at], `0x${bytesToHex(code)}`]));
  for (const { layout } of nodes) await writeFile(layout.contracts, `${lines.join('\n')}\n`);
  return new Set(hashes);
}
