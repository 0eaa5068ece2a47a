import { deepEqual, equal, match } from 'node:assert/strict';
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFile, PROBLEMS_LISTED_MAX } from '../../src/cli/verify/check-file.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import { VALIDATE_FILE_BYTES_MAX } from '../../src/files/validate-file.ts';
import { flipBit } from '../files/arbitraries.ts';
import { driftlock, jsonLines, snapshot, temporaryFolder } from './cli.ts';
import {
  archived,
  block,
  contractLine,
  contractsPath,
  foreignFile,
  hashOf,
  makeDatadir,
  ownFile,
  put,
  validatePath,
  witnessFile,
  witnessPath,
} from './datadir.ts';

interface Damage {
  readonly name: string;
  /** Where the damaged file is put, in place of a good one or beside it. */
  readonly path: string;
  readonly content: Uint8Array | string;
  /** What stands behind `driftlock: {path}: `. */
  readonly message: RegExp;
  /** Of the six good files, how many are left. */
  readonly left: number;
}

const other = { number: 3080, hash: hashOf(0xb1) };
const wrongKeccak = contractLine('0x6003').replace('0x6003', '0x6004');

const damages: readonly Damage[] = [
  {
    name: 'a truncated .v',
    path: validatePath,
    content: ownFile(block).slice(0, 100),
    message: /^data at byte \d+: expected \d+ more bytes, found \d+$/,
    left: 5,
  },
  {
    name: 'an empty .w',
    path: witnessPath,
    content: '',
    message: /^hash length at byte 0: expected 8 more bytes, found 0$/,
    left: 5,
  },
  {
    name: 'a .w with one bit over',
    path: witnessPath,
    content: flipBit(witnessFile(block), 120, 3),
    message: /^data at byte 48: expected BLAKE3 0x[0-9a-f]{64}, found 0x[0-9a-f]{64}$/,
    left: 5,
  },
  {
    name: 'a trailer with one bit over',
    path: validatePath,
    content: flipBit(ownFile(block), foreignFile(block).length + 20, 0),
    message: /^trailer: expected the BLAKE3 of the file, found another: a part of it was overwritten$/,
    left: 5,
  },
  {
    name: 'a trailer whose result was signed for another block',
    path: validatePath,
    content: ownFile(block, other),
    message: /^result: expected the signature of 12D3Koo\w+, found one that does not verify$/,
    left: 5,
  },
  {
    name: "a .v that holds another block than its name's",
    path: join('validate', blockFileName('validate', other)),
    content: ownFile(block),
    message: /^expected the content of the block that the name states, found that of 3080\.0xa1/,
    left: 6,
  },
  {
    name: 'a file in the wrong folder of backup/',
    path: join('backup', '3', blockFileName('witness', archived)),
    content: witnessFile(archived),
    message: /^expected to lie in backup\/2, found it in backup\/3$/,
    left: 6,
  },
  {
    name: 'a hash that is not 32 bytes long',
    path: witnessPath,
    content: Uint8Array.of(31, ...witnessFile(block).slice(1)),
    message: /^hash length at byte 0: expected 32, found 31$/,
    left: 5,
  },
  {
    name: 'a torn last line of contracts.txt',
    path: contractsPath,
    content: contractLine('0x6001') + contractLine('0x6002').slice(0, 40),
    message: /^last line: expected a whole one, found 40 bytes of a torn one$/,
    left: 5,
  },
  {
    name: 'a contract of another keccak256',
    path: contractsPath,
    content: contractLine('0x6001') + wrongKeccak,
    message: /^contracts\.txt line 2: code: expected keccak256 0x\w+, found 0x\w+$/,
    left: 5,
  },
  {
    name: 'a chain.status that is no JSON',
    path: 'chain.status',
    content: '{"block_number":3080,',
    message: /^expected JSON, found "\{\\"block_number\\":3080,"$/,
    left: 5,
  },
];

describe('driftlock verify', () => {
  it('finds nothing wrong with a good data directory, and changes nothing', async () => {
    await using folder = await temporaryFolder();
    await makeDatadir(folder.path);
    const before = await snapshot(folder.path);
    deepEqual(await driftlock(['verify', '--datadir', folder.path]), {
      code: 0,
      stdout: '6 files checked: 5 good, 1 foreign, 0 bad; 0 unknown\n',
      stderr: '',
    });
    deepEqual(await snapshot(folder.path), before);
  });

  for (const { name, path, content, message, left } of damages) {
    it(`names ${name} in one line, exits with 1, and changes nothing`, async () => {
      await using folder = await temporaryFolder();
      await makeDatadir(folder.path);
      await put(folder.path, path, content);
      const before = await snapshot(folder.path);
      const { code, stdout, stderr } = await driftlock(['verify', '--datadir', folder.path]);
      equal(code, 1);
      match(stdout, new RegExp(`^${left + 1} files checked: ${left - 1} good, 1 foreign, 1 bad; 0 unknown\n$`));
      const start = `driftlock: ${path}: `;
      equal(stderr.slice(0, start.length), start);
      match(stderr.slice(start.length, -1), message);
      deepEqual(await snapshot(folder.path), before);
    });
  }

  it('does not read an oversized file', async () => {
    await using folder = await temporaryFolder();
    await makeDatadir(folder.path);
    // Sparse: a file of this length that takes no room.
    await truncate(join(folder.path, validatePath), 2 ** 40);
    const { code, stderr } = await driftlock(['verify', '--datadir', folder.path]);
    equal(code, 1);
    equal(stderr.endsWith(`: expected at most ${VALIDATE_FILE_BYTES_MAX} bytes, found ${2 ** 40}\n`), true, stderr);
    equal(stderr.startsWith(`driftlock: ${validatePath}: `), true, stderr);
  });

  it('with --json prints an object for each bad or unknown file and the summary as the last', async () => {
    await using folder = await temporaryFolder();
    await makeDatadir(folder.path);
    await put(folder.path, 'chain.status', '[]');
    for (const path of ['notes.txt', 'logs/today.log', 'witness/README', 'backup/README'])
      await put(folder.path, path, 'x');
    const { code, stdout, stderr } = await driftlock(['verify', '--datadir', folder.path, '--json']);
    equal(code, 1);
    equal(stderr, '');
    const message = 'chain.status: expected a JSON object, found an array of 0';
    deepEqual(jsonLines(stdout), [
      { file: 'backup/README', verdict: 'unknown' },
      { file: 'chain.status', verdict: 'bad', problems: [{ code: 'ERR_BAD_FIELD', message }], problem_count: 1 },
      { file: 'logs', verdict: 'unknown' },
      { file: 'notes.txt', verdict: 'unknown' },
      { file: 'witness/README', verdict: 'unknown' },
      { summary: { checked: 6, good: 4, foreign: 1, bad: 1, unknown: 4 } },
    ]);
  });

  it('unknown files alone are no failure', async () => {
    await using folder = await temporaryFolder();
    await put(folder.path, 'notes.txt', 'x');
    const { code, stdout } = await driftlock(['verify', '--datadir', folder.path]);
    equal(code, 0);
    equal(stdout, 'unknown: notes.txt\n0 files checked: 0 good, 0 foreign, 0 bad; 1 unknown\n');
  });

  it('names --datadir where there is no directory, and makes none', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'nothing');
    deepEqual(await driftlock(['verify', '--datadir', path]), {
      code: 1,
      stdout: '',
      stderr: `driftlock: --datadir: expected a data directory, found no such directory: ${path}\n`,
    });
    deepEqual(await snapshot(folder.path), {});
  });

  it('lists PROBLEMS_LISTED_MAX problems of a file, and of one more says how many there are', () => {
    const contracts = (badLines: number): Uint8Array => Buffer.from(wrongKeccak.repeat(badLines));
    for (const badLines of [PROBLEMS_LISTED_MAX, PROBLEMS_LISTED_MAX + 1]) {
      const verdict = checkFile({ kind: 'validate' }, 'contracts.txt', contracts(badLines));
      equal(verdict.kind, 'bad');
      if (verdict.kind !== 'bad') return;
      equal(verdict.problems.length, PROBLEMS_LISTED_MAX);
      equal(verdict.problemCount, badLines);
    }
  });
});
