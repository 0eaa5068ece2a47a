import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blockId } from '../../crdt/ids.ts';
import { BLOCK_JSON_BYTES_MAX } from '../../src/chain/block-source.ts';
import { FolderSource } from '../../src/chain/folder-source.ts';
import { growChain } from '../../src/chain/grow.ts';
import { hashHeader } from '../../src/chain/header.ts';
import { NodeDisk } from '../../src/disk/node-disk.ts';
import { needsFixtures } from '../fixtures.ts';
import { blocksFolder, fixtureKeys } from './fixture-blocks.ts';

const { root } = growChain({ firstNumber: 1, count: 0, seed: 'folder' });

describe('headers from a folder of blocks', () => {
  let folder: string;
  let source: FolderSource;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'driftlock-blocks-'));
    source = new FolderSource(new NodeDisk(), folder);
  });

  afterEach(() => rm(folder, { recursive: true }));

  const write = (text: string) => writeFile(join(folder, `${blockId(root.key)}.json`), text);

  it('are those of the real blocks', async function () {
    const fixtures = needsFixtures(this);
    const real = new FolderSource(new NodeDisk(), blocksFolder(fixtures));
    for (const key of fixtureKeys(fixtures)) {
      const header = await real.header(key);
      assert.ok(header !== undefined);
      assert.equal(hashHeader(header), key.hash);
    }
  });

  it('are undefined where there is no file, and found once there is one', async () => {
    assert.equal(await source.header(root.key), undefined);
    await write(JSON.stringify(root.block));
    assert.equal((await source.header(root.key))?.stateRoot, root.stateRoot);
  });

  it('are refused with the name of the file that holds no block', async () => {
    const path = join(folder, `${blockId(root.key)}.json`);
    await write('{"hash":');
    await assert.rejects(source.header(root.key), { code: 'ERR_BAD_ANSWER', argument: path });
    await write('{}');
    await assert.rejects(source.header(root.key), { code: 'ERR_BAD_HEADER', argument: `${path}: parentHash` });
  });

  it('come from files up to the size limit, and not one byte beyond', async () => {
    const padded = JSON.stringify(root.block).padEnd(BLOCK_JSON_BYTES_MAX, ' ');
    await write(padded);
    assert.equal((await source.header(root.key))?.stateRoot, root.stateRoot);
    await write(`${padded} `);
    await assert.rejects(source.header(root.key), { code: 'ERR_OVER_LIMIT' });
  });
});
