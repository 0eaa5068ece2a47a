/** Programs that know nothing of driftlock, and share its directory. */

import assert from 'node:assert/strict';
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { Cluster, type ClusterNode } from './harness.ts';
import {
  readReferenceValidate,
  writeReferenceValidate,
  type ReferenceStatus,
  type ReferenceValidateInfo,
} from './reference-format.ts';
import { testChain } from './chain.ts';
import { TEST_TIMEOUT_MS, until } from './until.ts';

const LOCK_SECONDS = 300;
const NO_ROOT = `0x${'00'.repeat(32)}`;
const ROOT = `0x${'ab'.repeat(32)}`;
const BLOB = `0x${'cd'.repeat(32)}`;

describe('programs beside a node without a validator', function () {
  this.timeout(TEST_TIMEOUT_MS);
  const [block] = testChain(1).blocks;
  assert.ok(block !== undefined);
  const { key } = block;
  let cluster: Cluster;

  beforeEach(async () => {
    cluster = await Cluster.create(3, { validator: 'none' });
    await cluster.start(...cluster.nodes);
  });

  afterEach(() => cluster.remove());

  it('lock a block everywhere, finish it everywhere, and cannot take a Success back', async () => {
    const [beside, ...others] = cluster.nodes;
    const [other] = others;
    assert.ok(beside !== undefined && other !== undefined);
    const lockTime = BigInt(Math.floor(Date.now() / 1_000) + LOCK_SECONDS);

    await replace(beside, info('Processing', { lockTime }));
    for (const node of others) {
      const seen = await untilStatus(node, 'Processing');
      assert.ok(seen.lockTime >= lockTime - 1n, `a reader there waits as long: ${seen.lockTime}, ${lockTime}`);
      assert.ok(seen.lockTime <= lockTime + 5n, `and not for ever: ${seen.lockTime}, ${lockTime}`);
      assert.deepEqual({ ...seen, lockTime }, info('Processing', { lockTime }));
    }
    // The node has put its trailer behind the program's own words.
    await until('the file is written back', async () => (await fileOf(beside)).length > envelope(info('Idle')).length);
    await untilStatus(beside, 'Processing');

    // Another program takes a block that is taken: it is told who has it, and until when.
    await replace(other, info('Processing', { lockTime: lockTime - BigInt(LOCK_SECONDS / 2) }));
    const corrected = await until('the lock is put right', async () => {
      const found = readReferenceValidate(await fileOf(other));
      return found.lockTime >= lockTime - 1n && found;
    });
    assert.equal(corrected.status, 'Processing');

    const success = info('Success', { stateRoot: ROOT });
    await overwriteInPlace(beside, success);
    for (const node of cluster.nodes) assert.deepEqual(await untilStatus(node, 'Success'), success);
    await sameBytes();

    // By another program, which heard nothing of it.
    await replace(other, info('Processing', { lockTime }));
    for (const node of cluster.nodes) assert.deepEqual(await untilStatus(node, 'Success'), success);
    await sameBytes();

    await replace(other, info('Failed'));
    await until('the failure is kept as evidence', async () => (await beside.status()).blocks.disputed === 1);
    await sameBytes();
    assert.deepEqual(await untilStatus(other, 'Success'), success);
  });

  it('bring blob ids to every node, also when they write in place', async () => {
    const [beside, other] = cluster.nodes;
    assert.ok(beside !== undefined && other !== undefined);
    const success = info('Success', { stateRoot: ROOT, blobIds: [BLOB] });
    // Truncated, then written: what most programs do that do not think of readers.
    await writeFile(beside.validatePath(key), envelope(success));
    assert.deepEqual(await untilStatus(other, 'Success'), success);
    const request = { jsonrpc: '2.0', id: 1, method: 'stateless_getValidation', params: [`${key.number}.${key.hash}`] };
    assert.deepEqual(await other.rpc(request), {
      jsonrpc: '2.0',
      id: 1,
      result: { [`${key.number}.${key.hash}`]: [BLOB] },
    });
  });

  function info(status: ReferenceStatus, rest: Partial<ReferenceValidateInfo> = {}): ReferenceValidateInfo {
    const blockNumber = BigInt(key.number);
    return { status, blockHash: key.hash, blockNumber, stateRoot: NO_ROOT, lockTime: 0n, blobIds: [], ...rest };
  }

  function fileOf(node: ClusterNode): Promise<Buffer> {
    return readFile(node.validatePath(key));
  }

  /** What the file comes to say, once it says `status`. */
  function untilStatus(node: ClusterNode, status: ReferenceStatus): Promise<ReferenceValidateInfo> {
    return until(`${node.validatePath(key)} says ${status}`, async () => {
      const found = readReferenceValidate(await fileOf(node));
      return found.status === status && found;
    });
  }

  async function sameBytes(): Promise<void> {
    await until('the files are the same everywhere, and driftlock’s', async () => {
      const [first, ...rest] = await Promise.all(cluster.nodes.map(fileOf));
      return first !== undefined && first.includes('DRFTLCK1') && rest.every((file) => file.equals(first));
    });
  }

  /** As the reference writes: a new file that takes the name. */
  async function replace(node: ClusterNode, written: ReferenceValidateInfo): Promise<void> {
    const path = node.validatePath(key);
    await writeFile(`${path}.4711.tmp`, envelope(written));
    await rename(`${path}.4711.tmp`, path);
  }

  /** Over the beginning of the file that is there; what is behind it stays, and is now wrong. */
  async function overwriteInPlace(node: ClusterNode, written: ReferenceValidateInfo): Promise<void> {
    await using file = await open(node.validatePath(key), 'r+');
    await file.write(envelope(written), 0, undefined, 0);
  }
});

function envelope(info: ReferenceValidateInfo): Buffer {
  return writeReferenceValidate(info);
}
