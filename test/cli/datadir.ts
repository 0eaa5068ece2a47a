/** A small data directory in which every kind of file is, and is good. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeRecord } from '../../crdt/block/record-codec.ts';
import { recordOf } from '../../crdt/block/record.ts';
import { keccak256 } from '../../crdt/hash.ts';
import { ZERO_HASH, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import { identityFromSeed } from '../../net/identity/identity.ts';
import { Author } from '../../src/author/author.ts';
import { encodeChainStatus } from '../../src/files/chain-status.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import { encodeValidateFile } from '../../src/files/validate-file.ts';
import type { ValidateInfo } from '../../src/files/validate-info.ts';
import { encodeWitnessFile } from '../../src/files/witness-file.ts';

export const signer = identityFromSeed(new Uint8Array(32).fill(9));
export const SIGNED_AT_MS = 1_757_002_322_000;

export const hashOf = (byte: number): Hash32 => `0x${byte.toString(16).padStart(2, '0').repeat(32)}`;

export const block: BlockKey = { number: 3080, hash: hashOf(0xa1) };
export const archived: BlockKey = { number: 2050, hash: hashOf(0xa2) };
export const stateRoot = hashOf(0xcd);

const infoOf = ({ number, hash }: BlockKey): ValidateInfo => ({
  status: 'Success',
  blockHash: hash,
  blockNumber: number,
  stateRoot,
  lockTimeSeconds: 0n,
  blobIds: [],
});

/** The `.v` of `key` as driftlock writes it. `signedFor` is the block that the result in its trailer was signed for. */
export function ownFile(key: BlockKey, signedFor: BlockKey = key): Uint8Array {
  const author = new Author({
    node: signer.node,
    sign: (message) => signer.sign(message),
    clock: { wallMs: () => SIGNED_AT_MS },
    skewBoundMs: 500,
  });
  const record = recordOf({ results: [author.result(signedFor, [], 'success', stateRoot, 1)] });
  return encodeValidateFile(infoOf(key), encodeRecord(record));
}

/** The `.v` of `key` as another program writes it. */
export function foreignFile(key: BlockKey): Uint8Array {
  return encodeValidateFile(infoOf(key));
}

export function witnessFile({ number, hash }: BlockKey): Uint8Array {
  return encodeWitnessFile({
    status: 'Completed',
    blockHash: hash,
    blockNumber: number,
    preStateRoot: ZERO_HASH,
    parentHash: hashOf(0xa0),
    lockTimeSeconds: 0n,
    blobIds: [],
    witnessData: Uint8Array.of(1, 2, 3, 4),
  });
}

export const contractLine = (code: string): string => {
  const hash = keccak256(Buffer.from(code.slice(2), 'hex'));
  return `${JSON.stringify([hash, code])}\n`;
};

export const validatePath = join('validate', blockFileName('validate', block));
export const witnessPath = join('witness', blockFileName('witness', block));
export const contractsPath = join('validate', 'contracts.txt');
const archivedPath = join('backup', '2', blockFileName('validate', archived));

/** Six good files, one of which is foreign. */
export async function makeDatadir(root: string): Promise<void> {
  await put(root, validatePath, ownFile(block));
  await put(root, witnessPath, witnessFile(block));
  await put(root, contractsPath, contractLine('0x6001') + contractLine('0x6002'));
  await put(root, 'chain.status', encodeChainStatus({ blockNumber: block.number, blockHash: block.hash }));
  await put(root, archivedPath, foreignFile(archived));
  await put(root, join('backup', '2', blockFileName('witness', archived)), witnessFile(archived));
}

export async function put(root: string, path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}
