import { deepEqual, equal } from 'node:assert/strict';
import { join } from 'node:path';
import { peerIdText } from '../../net/identity/peer-id.ts';
import { isJsonObject } from '../../src/files/json.ts';
import { needsFixtures } from '../fixtures.ts';
import { driftlock, jsonLines, snapshot, temporaryFolder } from './cli.ts';
import {
  block,
  contractLine,
  makeDatadir,
  ownFile,
  put,
  signer,
  stateRoot,
  validatePath,
  witnessPath,
  SIGNED_AT_MS,
} from './datadir.ts';

describe('driftlock inspect', () => {
  it('with --json prints the fields of the format, and of a trailer the record', async () => {
    await using folder = await temporaryFolder();
    await makeDatadir(folder.path);
    const before = await snapshot(folder.path);
    const file = join(folder.path, validatePath);
    const { code, stdout, stderr } = await driftlock(['inspect', '--json', file]);
    equal(code, 0);
    equal(stderr, '');
    // The one part that the test does not know.
    const signature = /"signature":"(0x[0-9a-f]{128})"/.exec(stdout)?.[1];
    const result = {
      node: peerIdText(signer.node),
      verdict: 'success',
      state_root: stateRoot,
      epoch: 1,
      sequence: 1,
      stamp: { wall_ms: SIGNED_AT_MS, counter: 0 },
      signature,
    };
    const nothing = { lease: null, witnesses: [], generation: null, holders: [], blob_ids: [], dispute: null };
    deepEqual(jsonLines(stdout), [
      {
        file,
        kind: 'validate',
        status: 'Success',
        block_hash: block.hash,
        block_number: block.number,
        state_root: stateRoot,
        lock_time: 0,
        blob_ids: [],
        trailer: { valid: true, record: { results: [result], ...nothing } },
      },
    ]);
    deepEqual(await snapshot(folder.path), before);
  });

  it('prints a block of lines for people', async () => {
    await using folder = await temporaryFolder();
    await makeDatadir(folder.path);
    const { code, stdout } = await driftlock([
      'inspect',
      join(folder.path, witnessPath),
      join(folder.path, 'chain.status'),
    ]);
    equal(code, 0);
    equal(stdout.includes(`\n  block_number    ${block.number}\n`), true, stdout);
    equal(stdout.includes('\n  witness_data\n    bytes   4\n'), true, stdout);
    equal(
      stdout.includes(`chain.status\n  kind          chain_status\n  block_number  ${block.number}\n`),
      true,
      stdout,
    );
  });

  it('decodes all real files', async function () {
    const fixtures = needsFixtures(this);
    const files = ['Failed', 'Idle', 'Processing', 'Success'].map((status) => join(fixtures, `validate/${status}.v`));
    const contracts = join(fixtures, 'megaeth/contracts.txt');
    const { code, stdout } = await driftlock(['inspect', '--json', ...files, contracts]);
    equal(code, 0);
    const described = jsonLines(stdout).filter(isJsonObject);
    deepEqual(
      described.map(({ kind, status }) => status ?? kind),
      ['Failed', 'Idle', 'Processing', 'Success', 'contracts'],
    );
    deepEqual(described[3]?.['blob_ids'], [`0x${'03'.repeat(32)}`, `0x${'04'.repeat(32)}`]);
    equal(described[0]?.['trailer'], null);
  });

  it('says of each bad file in one line what is wrong with it, goes on with the others, and exits with 1', async () => {
    await using folder = await temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    await makeDatadir(folder.path);
    await put(folder.path, 'torn.v', ownFile(block).slice(0, 10));
    await put(folder.path, 'empty.w', '');
    await put(folder.path, 'contracts.txt', `${contractLine('0x6001')}["0x`);
    await put(folder.path, 'notes.txt', '');
    const bad = [at('torn.v'), at('empty.w'), at('contracts.txt'), at('notes.txt'), at('absent.v'), folder.path];
    const { code, stdout, stderr } = await driftlock(['inspect', ...bad, at(validatePath)]);
    equal(code, 1);
    deepEqual(stderr.split('\n'), [
      `driftlock: ${at('torn.v')}: hash at byte 8: expected 32 more bytes, found 2`,
      `driftlock: ${at('empty.w')}: hash length at byte 0: expected 8 more bytes, found 0`,
      `driftlock: ${at('contracts.txt')}: last line: expected a whole one, found 4 bytes of a torn one`,
      `driftlock: ${at('notes.txt')}: expected a name that ends in .v or .w, chain.status or contracts.txt, found another`,
      `driftlock: ${at('absent.v')}: expected a file, found none`,
      `driftlock: ${folder.path}: expected a name that ends in .v or .w, chain.status or contracts.txt, found another`,
      '',
    ]);
    equal(stdout.includes('Success'), true);
  });

  it('with --json prints a bad file as an object with its error, and nothing on standard error', async () => {
    await using folder = await temporaryFolder();
    await put(folder.path, 'torn.v', ownFile(block).slice(0, 10));
    const file = join(folder.path, 'torn.v');
    const { code, stdout, stderr } = await driftlock(['inspect', '--json', file]);
    equal(code, 1);
    equal(stderr, '');
    const message = 'torn.v: hash at byte 8: expected 32 more bytes, found 2';
    deepEqual(jsonLines(stdout), [{ file, error: { code: 'ERR_TRUNCATED', message } }]);
  });
});
