/**
 * The blocks of a demo: real ones from a folder of witnesses, or a chain that it grows itself, with real headers so that
 * `linkage` has something true to check.
 *
 * Invariant: each witness goes into one directory only, in turn; that it reaches the others is driftlock's work.
 */

import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blockId, compareBlockKeys, type BlockKey } from '../../crdt/ids.ts';
import { DriftlockError } from '../../crdt/errors.ts';
import { growBlocks, growRoot, type GrownBlock, type GrownHeader } from '../chain/grow.ts';
import { blockFileName, parseBlockFileName } from '../files/file-names.ts';
import { encodeWitnessFile } from '../files/witness-file.ts';
import { makeFolder } from './folders.ts';

export interface FedBlock {
  readonly key: BlockKey;
  /** The bytes of its `.w`. */
  readonly witness: Uint8Array;
}

export interface Feed {
  /** Where validators find headers. */
  readonly blocksDir: string;
  /** How many blocks there will be; undefined: it goes on until it is stopped. */
  readonly total: number | undefined;
  blocks(): AsyncIterable<FedBlock>;
}

/** The first `count` witnesses of `witnessDir` by block. Throws `ERR_NO_WITNESSES`. */
export async function feedFromFolder(witnessDir: string, blocksDir: string, count: number | undefined): Promise<Feed> {
  const keys = (await readdir(witnessDir))
    .map((name) => parseBlockFileName(name))
    .filter((file) => file?.kind === 'witness')
    .map((file) => file?.key)
    .filter((key) => key !== undefined)
    .sort(compareBlockKeys)
    .slice(0, count);
  if (keys.length === 0) {
    const detail = { argument: '--witness', expected: 'a folder of {number}.{0xhash}.w files', found: witnessDir };
    throw new DriftlockError('ERR_NO_WITNESSES', detail);
  }
  return {
    blocksDir,
    total: keys.length,
    async *blocks() {
      for (const key of keys) yield { key, witness: await readFile(join(witnessDir, blockFileName('witness', key))) };
    },
  };
}

const SEED = 'driftlock demo';
const FIRST_NUMBER = 1;

/** A chain of `count` blocks, or without end, whose headers are written to `blocksDir` as it grows. */
export async function feedFromGrownChain(blocksDir: string, count: number | undefined): Promise<Feed> {
  await makeFolder(blocksDir);
  const root = growRoot(SEED, FIRST_NUMBER);
  await writeHeader(blocksDir, root);
  return {
    blocksDir,
    total: count,
    async *blocks() {
      const grown = growBlocks(SEED, root);
      for (const block of count === undefined ? grown : grown.take(count)) {
        await writeHeader(blocksDir, block);
        yield witnessed(block);
      }
    },
  };
}

/** The block with the bytes of its `.w`. */
export function witnessed({ key, parentHash, preStateRoot, witnessPayload }: GrownBlock): FedBlock {
  const witness = encodeWitnessFile({
    status: 'Completed',
    blockHash: key.hash,
    blockNumber: key.number,
    preStateRoot,
    parentHash,
    lockTimeSeconds: 0n,
    blobIds: [],
    witnessData: witnessPayload,
  });
  return { key, witness };
}

/** As a witness generator does: written under another name, then renamed. */
export async function dropWitness(datadir: string, { key, witness }: FedBlock): Promise<void> {
  const directory = join(datadir, 'witness');
  const name = blockFileName('witness', key);
  const temporary = join(directory, `${name}.${process.pid}.tmp`);
  await writeFile(temporary, witness);
  await rename(temporary, join(directory, name));
}

async function writeHeader(blocksDir: string, { key, block }: GrownHeader): Promise<void> {
  const path = join(blocksDir, `${blockId(key)}.json`);
  await writeFile(`${path}.tmp`, JSON.stringify(block));
  await rename(`${path}.tmp`, path);
}
