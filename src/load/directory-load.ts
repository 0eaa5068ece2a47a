/**
 * Reads the files of a directory that nothing is known of yet, many at a time: what a node does with a million of them when
 * it starts without an index.
 *
 * Invariant: what is taken over is whole and signed, as a look at the single file would find; a file of which that cannot be
 * said at once is left to such a look. Nothing else touches the files of these blocks meanwhile, as the node is starting.
 */

import { join } from 'node:path';
import { decodeRecord } from '../../crdt/block/record-codec.ts';
import { fingerprintOfEncoded } from '../../crdt/block/fingerprint.ts';
import { signedParts, type VerifyLater } from '../../crdt/block/signing.ts';
import { isFailure } from '../../crdt/errors.ts';
import type { Disk, FileContent } from '../disk/disk.ts';
import { parseBlockFileName, type BlockFile, type BlockFileKind } from '../files/file-names.ts';
import { decodeValidateFile } from '../files/validate-file.ts';
import type { BlockStore } from '../store/block-store.ts';
import type { FileLedger, FilePlace } from '../store/file-ledger.ts';
import type { WitnessIntake } from '../witness/intake.ts';
import { WHOLE_FILE_BYTES_MAX, wholeFacts } from '../witness/witness-facts.ts';

export interface DirectoryLoadOptions {
  readonly disk: Pick<Disk, 'names' | 'readBatch'>;
  readonly files: FileLedger;
  readonly store: Pick<BlockStore, 'load'>;
  readonly witnesses: Pick<WitnessIntake, 'adopt'>;
  readonly verifyLater: VerifyLater;
  /** Called for each file of the kind, known or not. */
  readonly onPassed: () => void;
}

/** Files read without a turn of the event loop between them: a millisecond when the system has them in memory. */
const BATCH_FILES = 64;
/** Batches whose signatures are being checked on other threads while the next ones are read. */
export const BATCHES_UNDER_WAY_MAX = 8;

interface NamedFile extends BlockFile {
  readonly name: string;
}

/** Takes over the files of `kind` in `directory`, and gives the names of those that need a look of their own. */
export async function loadDirectory(
  options: DirectoryLoadOptions,
  kind: BlockFileKind,
  place: FilePlace,
  directory: string,
): Promise<readonly string[]> {
  const { disk, files, onPassed } = options;
  const left: string[] = [];
  const underWay = new Set<Promise<void>>();
  let batch: NamedFile[] = [];
  const flush = async (): Promise<void> => {
    if (underWay.size >= BATCHES_UNDER_WAY_MAX) await Promise.race(underWay);
    const work = loadBatch(options, kind, place, directory, batch, left).finally(() => underWay.delete(work));
    underWay.add(work);
    batch = [];
  };
  for await (const names of disk.names(directory)) {
    for (const name of names) {
      if (files.hasNamed(kind, name)) {
        onPassed();
        continue;
      }
      const file = parseBlockFileName(name);
      if (file?.kind !== kind) continue;
      onPassed();
      batch.push({ ...file, name });
      if (batch.length >= BATCH_FILES) await flush();
    }
  }
  if (batch.length > 0) await flush();
  await Promise.all(underWay);
  return left;
}

async function loadBatch(
  options: DirectoryLoadOptions,
  kind: BlockFileKind,
  place: FilePlace,
  directory: string,
  batch: readonly NamedFile[],
  left: string[],
): Promise<void> {
  const paths = batch.map(({ name }) => join(directory, name));
  const contents = await options.disk.readBatch(paths, WHOLE_FILE_BYTES_MAX);
  const take = kind === 'validate' ? takeValidate : takeWitness;
  const taken = batch.map(async (file, at) => {
    const content = contents[at];
    if (content === undefined || !(await orFalse(() => take(options, file, place, content)))) left.push(file.name);
  });
  await Promise.all(taken);
}

async function takeValidate(
  { store, verifyLater }: DirectoryLoadOptions,
  { key, name }: NamedFile,
  place: FilePlace,
  { bytes, identity }: FileContent,
): Promise<boolean> {
  const { trailer } = decodeValidateFile(bytes, name);
  if (trailer.kind !== 'valid') return false;
  const record = decodeRecord(trailer.record);
  const fingerprint = fingerprintOfEncoded(key, trailer.record);
  const checks = signedParts(key, record).map(({ author, message, signature }) =>
    verifyLater(author, message, signature),
  );
  for (const check of checks) if (!(await check)) return false;
  return store.load({ key, record }, fingerprint, { identity, place });
}

async function takeWitness(
  { witnesses }: DirectoryLoadOptions,
  { key, name }: NamedFile,
  place: FilePlace,
  content: FileContent,
): Promise<boolean> {
  const facts = wholeFacts(content, name);
  // A lock is a matter of time, and not of content.
  if (facts.fields.status === 'Idle' || facts.fields.status === 'Processing') return false;
  await witnesses.adopt(key, place, facts);
  return true;
}

/** What is wrong with a file is said by the look that it gets. */
async function orFalse(take: () => Promise<boolean>): Promise<boolean> {
  try {
    return await take();
  } catch (error) {
    if (!isFailure(error)) throw error;
    return false;
  }
}
