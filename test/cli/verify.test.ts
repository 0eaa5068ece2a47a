import { deepEqual, equal, match } from 'node:assert/strict';
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFile, PROBLEMS_LISTED_MAX } from '../../src/cli/verify/check-file.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { blockFileName, type BlockFileKind } from '../../src/files/file-names.ts';
import { encodeStateData } from '../../src/files/state-data.ts';
import { VALIDATE_FILE_BYTES_MAX } from '../../src/files/validate-file.ts';
import { flipBit } from '../files/arbitraries.ts';
import { driftlock, jsonLines, snapshot, temporaryFolder } from './cli.ts';
import {
  contractLine,
  contractsPath,
  foreignFile,
  hashOf,
  makeDatadir,
  ownFile,
  put,
  validatePath,
  witnessFile,
} from './datadir.ts';

interface Damage {
  /** Of a block of its own, in place of a good file or beside it. */
  readonly path: string;
  readonly content: Uint8Array | string;
  /** What stands behind `driftlock: {path}: `, one line each. */
  readonly messages: readonly RegExp[];
}

const keyOf = (number: number): BlockKey => ({ number, hash: hashOf(number) });
const pathOf = (folder: string, kind: BlockFileKind, number: number): string =>
  join(folder, blockFileName(kind, keyOf(number)));
const wrongKeccak = contractLine('0x6003').replace('0x6003', '0x6004');

/** In the order in which they are found: folders and files by name. */
const damages: readonly Damage[] = [
  {
    // In the wrong folder: archived blocks lie in number >> 10.
    path: pathOf('backup/3', 'witness', 11),
    content: witnessFile(keyOf(11)),
    messages: [/^expected to lie in backup\/0, found it in backup\/3$/],
  },
  {
    path: 'chain.status',
    content: '{"block_number":3080,',
    messages: [/^expected JSON, found "\{\\"block_number\\":3080,"$/],
  },
  {
    // Truncated.
    path: pathOf('validate', 'validate', 21),
    content: ownFile(keyOf(21)).slice(0, 100),
    messages: [/^data at byte 48: expected \d+ more bytes, found 52$/],
  },
  {
    // Empty.
    path: pathOf('validate', 'validate', 22),
    content: '',
    messages: [/^hash length at byte 0: expected 8 more bytes, found 0$/],
  },
  {
    // One bit over in the trailer.
    path: pathOf('validate', 'validate', 23),
    content: flipBit(ownFile(keyOf(23)), foreignFile(keyOf(23)).length + 20, 0),
    messages: [/^trailer: expected the BLAKE3 of the file, found another: a part of it was overwritten$/],
  },
  {
    // The result in the trailer was signed for another block.
    path: pathOf('validate', 'validate', 24),
    content: ownFile(keyOf(24), keyOf(25)),
    messages: [/^result: expected the signature of 12D3Koo\w+, found one that does not verify$/],
  },
  {
    // The name states another block than the content.
    path: pathOf('validate', 'validate', 26),
    content: ownFile(keyOf(27)),
    messages: [/^expected the content of the block that the name states, found that of 27\.0x1b/],
  },
  {
    path: join('validate', 'backup.v'),
    content: ownFile(keyOf(28)),
    messages: [/^"backup.v": expected a name of the form \{number\}\.\{0xhash\}\.v, found another$/],
  },
  {
    // A contract of another keccak256, and a torn last line.
    path: contractsPath,
    content: `${contractLine('0x6001')}${wrongKeccak}${contractLine('0x6002').slice(0, 40)}`,
    messages: [
      /^contracts\.txt line 2: code: expected keccak256 0x\w+, found 0x\w+$/,
      /^last line: expected a whole one, found 40 bytes of a torn one$/,
    ],
  },
  {
    // One bit over in the payload.
    path: pathOf('witness', 'witness', 31),
    content: flipBit(witnessFile(keyOf(31)), 120, 3),
    messages: [/^data at byte 48: expected BLAKE3 0x[0-9a-f]{64}, found 0x[0-9a-f]{64}$/],
  },
  {
    // A hash of another length.
    path: pathOf('witness', 'witness', 32),
    content: Uint8Array.of(31, ...witnessFile(keyOf(32)).slice(1)),
    messages: [/^hash length at byte 0: expected 32, found 31$/],
  },
  {
    // A status that is none, under a checksum that is right.
    path: pathOf('witness', 'witness', 33),
    content: encodeStateData(Uint8Array.of(7, 0, 0, 0)),
    messages: [/^status at byte 48: expected 0…6, found 7$/],
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

  it('names each bad file and what is wrong with it in one line, exits with 1, and changes nothing', async () => {
    await using folder = await temporaryFolder();
    await makeDatadir(folder.path);
    for (const { path, content } of damages) await put(folder.path, path, content);
    const before = await snapshot(folder.path);
    const { code, stdout, stderr } = await driftlock(['verify', '--datadir', folder.path]);
    equal(code, 1);
    // Two of the six good files were overwritten: chain.status and contracts.txt.
    equal(stdout, `${4 + damages.length} files checked: 3 good, 1 foreign, ${damages.length} bad; 0 unknown\n`);
    const expected = damages.flatMap(({ path, messages }) => messages.map((message) => ({ path, message })));
    const lines = stderr.trimEnd().split('\n');
    for (const [at, { path, message }] of expected.entries()) {
      const start = `driftlock: ${path}: `;
      equal(lines[at]?.slice(0, start.length), start);
      match(lines[at]?.slice(start.length) ?? '', message);
    }
    equal(lines.length, expected.length);
    deepEqual(await snapshot(folder.path), before);
  });

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

  it('names --datadir where there is no directory, or a file, and makes none', async () => {
    await using folder = await temporaryFolder();
    await put(folder.path, 'file', 'mine');
    const before = await snapshot(folder.path);
    for (const name of ['nothing', 'file', 'file/below']) {
      const path = join(folder.path, name);
      deepEqual(await driftlock(['verify', '--datadir', path]), {
        code: 1,
        stdout: '',
        stderr: `driftlock: --datadir: expected a data directory, found no such directory: ${path}\n`,
      });
    }
    deepEqual(await snapshot(folder.path), before);
  });

  it('lists PROBLEMS_LISTED_MAX problems of a file, and of one more says how many there are', () => {
    for (const badLines of [PROBLEMS_LISTED_MAX, PROBLEMS_LISTED_MAX + 1]) {
      const verdict = checkFile({ kind: 'validate' }, 'contracts.txt', Buffer.from(wrongKeccak.repeat(badLines)));
      equal(verdict.kind, 'bad');
      if (verdict.kind !== 'bad') return;
      equal(verdict.problems.length, PROBLEMS_LISTED_MAX);
      equal(verdict.problemCount, badLines);
    }
  });
});
