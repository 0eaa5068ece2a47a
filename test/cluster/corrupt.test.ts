/** A directory in which bad things happen to files, while a node lives in it. */

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BlockKey } from '../../crdt/ids.ts';
import { dropWitness, witnessed } from '../../src/demo/feed.ts';
import { VALIDATE_FILE_BYTES_MAX } from '../../src/files/validate-file.ts';
import { WITNESS_FILE_BYTES_MAX } from '../../src/files/witness-status.ts';
import { testChain } from './chain.ts';
import { ChainServer } from './chain-server.ts';
import { assertSameFiles, Cluster, filesIn } from './harness.ts';
import { runToEnd } from './processes.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

/** Names that say nothing to driftlock; what is in them is nobody's business but their owner's. */
const JUNK = ['README', 'junk.v', '12.0xzz.v', '.hidden', '1000.v', 'x.tmp', '0x00.1000.v'];

describe('a directory with bad files in it', function () {
  this.timeout(TEST_TIMEOUT_MS);
  const chain = testChain(8);
  const keys = chain.blocks.map(({ key }) => key);
  let server: ChainServer;
  let cluster: Cluster;

  beforeEach(async () => {
    server = await ChainServer.start(chain.headers);
    cluster = await Cluster.create(2, { validator: 'linkage', api: server.url });
  });

  afterEach(async () => {
    await cluster.remove();
    await server[Symbol.asyncDispose]();
  });

  it('is healed from its records and its peers, and the bad ones are kept aside with their reasons', async () => {
    const [hurt, whole] = [cluster.node(0), cluster.node(1)];
    await cluster.start(hurt, whole);
    for (const block of chain.blocks) await dropWitness(whole.layout.root, witnessed(block));
    await cluster.converged(keys.length);
    const witnesses = await filesIn(whole.layout.witness);

    for (const name of JUNK) await writeFile(join(hurt.layout.validate, name), `mine: ${name}`);
    await mkdir(join(hurt.layout.witness, 'a folder.w'));
    const bad: readonly [path: string, codes: RegExp, spoil: (path: string) => Promise<void>][] = [
      [hurt.validatePath(at(0)), /ERR_TRUNCATED/, (path) => replaceBy(path, (bytes) => bytes.subarray(0, 100))],
      [hurt.validatePath(at(1)), /ERR_TRUNCATED/, (path) => replaceBy(path, () => Buffer.alloc(0))],
      [hurt.validatePath(at(2)), /ERR_OVER_LIMIT/, (path) => truncate(path, VALIDATE_FILE_BYTES_MAX + 1)],
      [hurt.validatePath(at(3)), /ERR_NAME_MISMATCH/, async (path) => copyOver(path, hurt.validatePath(at(7)))],
      [hurt.witnessPath(at(4)), /ERR_BAD_CHECKSUM/, (path) => replaceBy(path, flipBitAt(300))],
      [hurt.witnessPath(at(5)), /ERR_NAME_MISMATCH/, async (path) => copyOver(path, hurt.witnessPath(at(7)))],
      [hurt.witnessPath(at(6)), /ERR_OVER_LIMIT/, (path) => truncate(path, WITNESS_FILE_BYTES_MAX + 1)],
    ];
    for (const [path, , spoil] of bad) await spoil(path);

    const reasons = await until('all of them are in quarantine', async () => {
      const files = await quarantinedFiles();
      return files.size === bad.length && files;
    });
    for (const [path, codes] of bad) {
      const reason = reasons.get(path);
      assert.match(String(reason?.code), codes);
      assert.ok(reason?.message.includes(basename(path)), reason?.message);
    }
    await cluster.converged(keys.length);
    assert.equal((await hurt.status()).counters['filesQuarantined'], bad.length);

    for (const name of JUNK) {
      assert.equal(await readFile(join(hurt.layout.validate, name), 'utf8'), `mine: ${name}`);
    }
    for (const key of keys) {
      assert.deepEqual(await readFile(hurt.validatePath(key)), await readFile(whole.validatePath(key)));
      assert.deepEqual(await readFile(hurt.witnessPath(key)), witnesses.get(basename(hurt.witnessPath(key))));
    }
    const { code, stdout } = await runToEnd(['verify', '--datadir', whole.layout.root]);
    assert.equal(code, 0, stdout);

    async function quarantinedFiles(): Promise<Map<string, { readonly code: string; readonly message: string }>> {
      const directory = hurt.layout.quarantine;
      const names = (await readdir(directory)).filter((name) => name.endsWith('.reason.json'));
      const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
      return new Map(texts.map((text) => [String(Object(JSON.parse(text)).file), Object(JSON.parse(text))]));
    }
  });

  it('is healed after a start as well', async () => {
    const [hurt, whole] = [cluster.node(0), cluster.node(1)];
    await cluster.start(hurt, whole);
    for (const block of chain.blocks) await dropWitness(whole.layout.root, witnessed(block));
    await cluster.converged(keys.length);
    await hurt.stop();
    await replaceBy(hurt.validatePath(at(0)), flipBitAt(60));
    await replaceBy(hurt.witnessPath(at(1)), (bytes) => bytes.subarray(0, 1_000));
    await replaceBy(hurt.witnessPath(at(2)), () => Buffer.alloc(0));

    await cluster.start(hurt);
    // The index knows all blocks at once; that files are not what it says shows in the first scan.
    await until('the bad files are put aside', async () => {
      const { counters } = await hurt.status();
      return counters['filesQuarantined'] === 3 || undefined;
    });
    await cluster.converged(keys.length);
    await assertSameFiles(cluster.nodes.map(({ layout }) => layout));
    assert.equal((await hurt.status()).counters['filesQuarantined'], 3);
  });

  function at(index: number): BlockKey {
    const key = keys[index];
    assert.ok(key !== undefined);
    return key;
  }
});

/** By rename, so that nobody sees a part of it. */
async function replaceBy(path: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(`${path}.tmp`, change(await readFile(path)));
  await rename(`${path}.tmp`, path);
}

function copyOver(path: string, from: string): Promise<void> {
  return readFile(from).then((bytes) => replaceBy(path, () => bytes));
}

function flipBitAt(offset: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(copy.readUInt8(offset) ^ 0x10, offset);
    return copy;
  };
}
