/** `driftlock inspect`: what files hold, and what is wrong with the bad ones. It changes nothing. */

import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { isFailure } from '../../crdt/errors.ts';
import type { Disk } from '../disk/disk.ts';
import { NodeDisk } from '../disk/node-disk.ts';
import { describeFile, type FileDescription, type FileFailure } from '../files/describe.ts';
import { isJsonObject, type JsonObject } from '../files/json.ts';
import { describeRecord } from './checked-record.ts';
import { EXIT_FAILED, EXIT_OK, UsageError, type SetExitCode } from './exit-codes.ts';
import { fileBytesMax } from './file-limits.ts';
import { messageAt } from './file-message.ts';
import { formatTree } from './format-tree.ts';
import { printError, printLine, styled, type Terminal } from './terminal.ts';

type Inspected = FileDescription | FileFailure;

export function addInspectCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  program
    .command('inspect')
    .summary('decode .v, .w, chain.status and contracts.txt')
    .description(
      'Decodes .v, .w, chain.status and contracts.txt files and checks all that one file can be checked for: checksum, ' +
        'name, trailer and its signatures, keccak256 of contracts. Exit code 1 when any file is bad. Changes nothing.',
    )
    .argument('<file...>', 'the files')
    .option('--json', 'one JSON object a line, with the field names of the format')
    .addHelpText(
      'after',
      `
Examples:
  driftlock inspect data/validate/*.v
  driftlock inspect --json data/witness/*.w | jq -r '[.block_number, .pre_state_root] | @tsv'`,
    )
    .action(async (files: readonly string[], { json = false }: { readonly json?: boolean }) => {
      if (files.includes('')) throw new UsageError('file', 'a path', 'an empty one');
      const disk = new NodeDisk();
      let isGood = true;
      for (const file of files) {
        const inspected = await inspectFile(disk, file);
        const problems = problemsOf(inspected);
        if (problems.length > 0) isGood = false;
        if (json) printLine(terminal.stdout, JSON.stringify(inspected));
        else print(terminal, inspected, problems);
      }
      setExitCode(isGood ? EXIT_OK : EXIT_FAILED);
    });
}

/** Describes what is at `path`, whatever it is. */
async function inspectFile(disk: Pick<Disk, 'read'>, path: string): Promise<Inspected> {
  const maxBytes = fileBytesMax(basename(path));
  try {
    const content = maxBytes === undefined ? { bytes: new Uint8Array() } : await disk.read(resolve(path), maxBytes);
    if (content !== undefined) return describeFile(path, content.bytes, describeRecord);
    return { file: path, error: { code: 'ERR_NOT_FOUND', message: 'expected a file, found none' } };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { file: path, error: { code: error.code, message: `expected ${error.expected}, found ${error.found}` } };
  }
}

/** What is wrong with the file; nothing when it is good. */
function problemsOf(inspected: Inspected): readonly string[] {
  if (isFileFailure(inspected)) return [inspected.error.message];
  const { trailer, bad, torn_tail: tornTail } = inspected;
  const problems: string[] = [];
  if (isJsonObject(trailer) && trailer['valid'] === false) problems.push(String(trailer['reason']));
  if (Array.isArray(bad)) problems.push(...bad.filter(isJsonObject).map(({ reason }) => String(reason)));
  if (isJsonObject(tornTail)) {
    problems.push(`last line: expected a whole one, found ${String(tornTail['bytes'])} bytes of a torn one`);
  }
  return problems;
}

function isFileFailure(inspected: Inspected): inspected is FileFailure {
  return 'error' in inspected;
}

function print(terminal: Terminal, inspected: Inspected, problems: readonly string[]): void {
  const { stdout } = terminal;
  if (!isFileFailure(inspected)) {
    const { file, ...fields } = inspected;
    printLine(stdout, styled(stdout, 'bold', file));
    for (const line of formatTree(withoutSignatures(fields))) printLine(stdout, line);
  }
  for (const problem of problems) printError(terminal, messageAt(inspected.file, problem));
}

/** Only programs compare signatures; to people, who see that they verify, they are noise. */
function withoutSignatures(fields: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => name !== 'signature')
      .map(([name, value]) => [name, thinned(value)]),
  );
}

function thinned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(thinned);
  return isJsonObject(value) ? withoutSignatures(value) : value;
}
