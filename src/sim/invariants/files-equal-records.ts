/**
 * The files are the store: each `.v` on a simulated disk holds the node's record and its view, the same bytes on every
 * machine; each `.w` is there, as its generator wrote it.
 */

import { encodeRecord } from '../../../crdt/block/record-codec.ts';
import { equalBytes } from '../../../crdt/bytes.ts';
import { isFailure } from '../../../crdt/errors.ts';
import { blockFileName } from '../../files/file-names.ts';
import { decodeValidateFile } from '../../files/validate-file.ts';
import { WITNESS_FILE_BYTES_MAX } from '../../files/witness-status.ts';
import { filePaths } from '../../node/file-paths.ts';
import type { Machine } from '../machine.ts';
import { witnessFileOf, type SimBlock } from '../sim-block.ts';
import type { Invariant } from './invariant.ts';

export const FILES_EQUAL_RECORDS: Invariant = {
  name: 'files-equal-records',
  promise: 'what is on the disk is what the record says, and finished files are the same bytes everywhere',
  watch: ({ machines, blocks }, violate) => ({
    async atEnd() {
      for (const block of blocks) {
        let first: Uint8Array | undefined;
        for (const machine of machines) {
          const problem = (await validateProblem(machine, block)) ?? (await witnessProblem(machine, block));
          if (problem !== undefined) return violate({ key: block.key, detail: `${machine.name}: ${problem}` });
          const bytes = await machine.disk.read(filePaths(machine.layout).validate(block.key), WITNESS_FILE_BYTES_MAX);
          first ??= bytes?.bytes;
          if (bytes !== undefined && first !== undefined && equalBytes(bytes.bytes, first)) continue;
          const name = blockFileName('validate', block.key);
          return violate({
            key: block.key,
            detail: `${machine.name}: ${name} has other bytes than on ${machines[0]?.name}`,
          });
        }
      }
    },
  }),
};

async function validateProblem({ disk, layout, node }: Machine, { key }: SimBlock): Promise<string | undefined> {
  const name = blockFileName('validate', key);
  const content = await disk.read(filePaths(layout).validate(key), WITNESS_FILE_BYTES_MAX);
  if (content === undefined) return `${name} is not there`;
  try {
    const { info, trailer } = decodeValidateFile(content.bytes, name);
    if (trailer.kind !== 'valid') return `${name} has no valid trailer: ${trailer.kind}`;
    if (node === undefined) return 'the node does not run';
    if (!equalBytes(trailer.record, encodeRecord(node.replica.get(key))))
      return `${name} holds another record than the node`;
    if (info.status !== 'Success') return `${name} says ${info.status}`;
    return info.stateRoot === node.view(key).stateRoot ? undefined : `${name} shows another root than the node`;
  } catch (error) {
    if (!isFailure(error)) throw error;
    return error.message;
  }
}

async function witnessProblem({ disk, layout }: Machine, { key }: SimBlock): Promise<string | undefined> {
  const name = blockFileName('witness', key);
  const content = await disk.read(filePaths(layout).witness(key), WITNESS_FILE_BYTES_MAX);
  if (content === undefined) return `${name} is not there`;
  return equalBytes(content.bytes, witnessFileOf(key)) ? undefined : `${name} is not what its generator wrote`;
}
