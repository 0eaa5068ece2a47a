/**
 * The independent reader: what lies in one node's directory, from the files alone, each checked down to its signatures.
 *
 * Invariant: it shares nothing with the store but the codecs of the files, asks no node, and changes nothing. Bytes that
 * were checked once are not checked again: on nodes that agree every file but the first is a comparison.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SignedResult } from '../../../crdt/block/result.ts';
import { isFailure } from '../../../crdt/errors.ts';
import { blake3Hash } from '../../../crdt/hash.ts';
import { blockId, type BlockId, type Hash32 } from '../../../crdt/ids.ts';
import { checkedRecord } from '../../cli/checked-record.ts';
import type { DatadirLayout } from '../../datadir/layout.ts';
import { errnoOf } from '../../disk/errno.ts';
import { parseContracts } from '../../files/contracts.ts';
import { parseBlockFileName } from '../../files/file-names.ts';
import { decodeValidateFile } from '../../files/validate-file.ts';
import type { ValidateInfo } from '../../files/validate-info.ts';
import { decodeWitnessFile } from '../../files/witness-file.ts';

export interface BlockOnDisk {
  readonly info: ValidateInfo;
  readonly results: readonly SignedResult[];
  /** BLAKE3 of the record's bytes. */
  readonly recordDigest: Hash32;
}

export interface NodeOnDisk {
  readonly name: string;
  readonly blocks: ReadonlyMap<BlockId, BlockOnDisk>;
  /** BLAKE3 of each whole `.w`. */
  readonly witnesses: ReadonlyMap<BlockId, Hash32>;
  readonly contracts: ReadonlySet<Hash32>;
  /** Lines of `contracts.txt` that do not verify. */
  readonly badContractLines: readonly string[];
  /** A line each: a file that is not what it should be. */
  readonly bad: readonly string[];
  /** Results that were durable and not yet in their files, by the size of what holds them. */
  readonly journalBytes: number;
}

export class DirectoryReader {
  readonly #checked = new Map<Hash32, { readonly file: string; readonly block: BlockOnDisk }>();

  async read(name: string, layout: DatadirLayout): Promise<NodeOnDisk> {
    const bad: string[] = [];
    const blocks = new Map<BlockId, BlockOnDisk>();
    const witnesses = new Map<BlockId, Hash32>();
    // The first place last: where a file stands in both, it is the one that readers find.
    for (const archive of await archives(layout)) {
      await eachFile(archive, 'validate', bad, (file, bytes) => this.#take(blocks, file, bytes));
      await eachFile(archive, 'witness', bad, (file, bytes) => takeWitness(witnesses, file, bytes));
    }
    await eachFile(layout.validate, 'validate', bad, (file, bytes) => this.#take(blocks, file, bytes));
    await eachFile(layout.witness, 'witness', bad, (file, bytes) => takeWitness(witnesses, file, bytes));
    const { contracts, badContractLines } = await readContracts(layout.contracts);
    return {
      name,
      blocks,
      witnesses,
      contracts,
      badContractLines,
      bad: bad.map((line) => `${name}: ${line}`),
      journalBytes: await journalBytes(layout),
    };
  }

  #take(blocks: Map<BlockId, BlockOnDisk>, file: string, bytes: Uint8Array): void {
    const digest = blake3Hash(bytes);
    const known = this.#checked.get(digest);
    // The content names its block; the same content under another block's name is checked, and refused.
    const block = known?.file === file ? known.block : check(file, bytes);
    this.#checked.set(digest, { file, block });
    blocks.set(blockId({ number: block.info.blockNumber, hash: block.info.blockHash }), block);
  }
}

function check(file: string, bytes: Uint8Array): BlockOnDisk {
  const { key, info, trailer } = decodeValidateFile(bytes, file);
  if (trailer.kind !== 'valid') {
    throw new NotOurs(`${file}: ${trailer.kind === 'absent' ? 'never taken in' : trailer.reason}`);
  }
  return { info, results: checkedRecord(trailer.record, key).results, recordDigest: blake3Hash(trailer.record) };
}

function takeWitness(witnesses: Map<BlockId, Hash32>, file: string, bytes: Uint8Array): void {
  witnesses.set(blockId(decodeWitnessFile(bytes, file).key), blake3Hash(bytes));
}

async function archives({ backup }: DatadirLayout): Promise<string[]> {
  try {
    return (await readdir(backup)).map((folder) => join(backup, folder));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A whole file without the trailer that a node puts behind everything it has taken in. */
class NotOurs extends Error {}

async function eachFile(
  directory: string,
  kind: 'validate' | 'witness',
  bad: string[],
  take: (file: string, bytes: Uint8Array) => void,
): Promise<void> {
  for (const file of (await readdir(directory)).sort()) {
    if (parseBlockFileName(file)?.kind !== kind) continue;
    try {
      take(file, await readFile(join(directory, file)));
    } catch (error) {
      if (!isFailure(error) && !(error instanceof NotOurs)) throw error;
      bad.push(error.message);
    }
  }
}

async function readContracts(path: string): Promise<Pick<NodeOnDisk, 'contracts' | 'badContractLines'>> {
  try {
    const bytes = await readFile(path);
    const { lines, bad, tornTail } = parseContracts(bytes);
    const offsets = [...bad.map(({ offset }) => offset), ...(tornTail === undefined ? [] : [tornTail.offset])];
    const badContractLines = offsets.map((offset) => bytes.toString('utf8', offset).split('\n', 1)[0] ?? '');
    return { contracts: new Set(lines.map(({ hash }) => hash)), badContractLines };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { contracts: new Set(), badContractLines: [] };
    throw error;
  }
}

async function journalBytes({ journal }: DatadirLayout): Promise<number> {
  try {
    const files = await readdir(journal);
    const sizes = await Promise.all(files.map(async (file) => (await readFile(join(journal, file))).length));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
