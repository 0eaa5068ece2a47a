import assert from 'node:assert/strict';
import fc from 'fast-check';
import { blockId, ZERO_HASH, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import { BlockSourceError, type BlockSource } from '../../src/chain/block-source.ts';
import { CachedSource } from '../../src/chain/cached-source.ts';
import { FolderSource } from '../../src/chain/folder-source.ts';
import { growChain, type GrownBlock } from '../../src/chain/grow.ts';
import { hashHeader, parseHeader, type Header } from '../../src/chain/header.ts';
import { JsonRpcSource } from '../../src/chain/json-rpc-source.ts';
import { NodeDisk } from '../../src/disk/node-disk.ts';
import { LinkageValidator } from '../../src/validators/linkage.ts';
import type { ValidationOutcome, ValidationTask } from '../../src/validators/validator.ts';
import { blocksFolder, fixtureBlock, fixtureKeys, fixtureTask } from '../chain/fixture-blocks.ts';
import { ManualClock } from '../chain/manual-clock.ts';
import { result, serveRpc } from '../chain/rpc-endpoint.ts';
import { needsFixtures } from '../fixtures.ts';
import { holdsAsync } from '../properties.ts';

const never = new AbortController().signal;
const OTHER_HASH: Hash32 = `0x${'ab'.repeat(32)}`;

/** A chain in memory, to be tampered with. */
class MemorySource implements BlockSource {
  readonly headers = new Map<string, Header>();

  put(key: BlockKey, header: Header): this {
    this.headers.set(blockId(key), header);
    return this;
  }

  header(key: BlockKey): Promise<Header | undefined> {
    return Promise.resolve(this.headers.get(blockId(key)));
  }

  describe(): string {
    return 'a chain in memory';
  }
}

/** A source that answers every question with `error`. */
function failing(error: Error): BlockSource {
  return {
    header: async () => {
      throw error;
    },
    describe: () => 'a chain',
  };
}

function unknown(key: BlockKey): ValidationOutcome {
  return { kind: 'error', reason: `block ${blockId(key)}: not known to a chain in memory` };
}

function taskOf({ key, parentHash, preStateRoot }: GrownBlock): ValidationTask {
  return { key, epoch: 1, witness: { path: '/w', parentHash, preStateRoot } };
}

describe('linkage', () => {
  it('says that it executes nothing', () => {
    const validator = new LinkageValidator(new MemorySource());
    assert.equal(validator.executes, false);
    assert.match(validator.description, /executes no transactions/);
  });

  it('succeeds on the 16 real blocks with their real witnesses, with the state root of the header', async function () {
    const fixtures = needsFixtures(this);
    const source = new CachedSource(new FolderSource(new NodeDisk(), blocksFolder(fixtures)));
    const [, ...keys] = fixtureKeys(fixtures);
    assert.deepEqual([keys.length, keys[0]?.number, keys.at(-1)?.number], [16, 3080, 3095]);
    for (const key of keys) {
      const outcome = await new LinkageValidator(source).validate(fixtureTask(fixtures, key), never);
      assert.deepEqual(outcome, { kind: 'success', stateRoot: fixtureBlock(fixtures, key)['stateRoot'] });
    }
  });

  it('succeeds on every block of a grown chain', async () => {
    const seeds = fc.record({
      firstNumber: fc.integer({ min: 1, max: 9_999 }),
      count: fc.constant(3),
      seed: fc.string(),
    });
    await holdsAsync(
      fc.asyncProperty(seeds, async (plan) => {
        const { root, blocks } = growChain(plan);
        const source = new MemorySource();
        for (const { key, block } of [root, ...blocks]) source.put(key, parseHeader(block, 'grown'));
        for (const block of blocks) {
          const outcome = await new LinkageValidator(source).validate(taskOf(block), never);
          assert.deepEqual(outcome, { kind: 'success', stateRoot: block.stateRoot });
        }
      }),
    );
  });

  describe('of a block', () => {
    const chain = growChain({ firstNumber: 8, count: 1, seed: 'linkage' });
    const { root } = chain;
    const block = chain.blocks[0] ?? assert.fail('a chain of one block has a block');
    const task = taskOf(block);
    const header = parseHeader(block.block, 'grown');
    const parent = parseHeader(root.block, 'grown');
    const chainOf = (blockHeader: Header, parentHeader: Header): MemorySource =>
      new MemorySource().put(block.key, blockHeader).put(root.key, parentHeader);

    const failed: [string, ValidationTask, BlockSource, ValidationOutcome][] = [
      [
        'the header has another field',
        task,
        chainOf({ ...header, gasLimit: header.gasLimit + 1n }, parent),
        {
          kind: 'failed',
          stateRoot: undefined,
          reason: `block hash: expected ${block.key.hash}, found a header that hashes to ${hashHeader({ ...header, gasLimit: header.gasLimit + 1n })}`,
        },
      ],
      [
        'the hash is that of a block with another number',
        { ...task, key: { ...task.key, number: 9 } },
        new MemorySource().put({ ...task.key, number: 9 }, header),
        {
          kind: 'failed',
          stateRoot: undefined,
          reason: `block number: expected 9, found 8 in the header of ${block.key.hash}`,
        },
      ],
      [
        'the witness names another parent',
        { ...task, witness: { ...task.witness, parentHash: OTHER_HASH } },
        chainOf(header, parent),
        {
          kind: 'failed',
          stateRoot: block.stateRoot,
          reason: `witness parent hash: expected ${root.key.hash} as in the header, found ${OTHER_HASH}`,
        },
      ],
      [
        'the witness starts from another state',
        { ...task, witness: { ...task.witness, preStateRoot: OTHER_HASH } },
        chainOf(header, parent),
        {
          kind: 'failed',
          stateRoot: block.stateRoot,
          reason: `witness pre-state root: expected ${root.stateRoot}, where the parent block ended, found ${OTHER_HASH}`,
        },
      ],
      [
        'the parent header has another field',
        { ...task, witness: { ...task.witness, preStateRoot: OTHER_HASH } },
        chainOf(header, { ...parent, stateRoot: OTHER_HASH }),
        {
          kind: 'failed',
          stateRoot: block.stateRoot,
          reason: `parent block hash: expected ${root.key.hash}, found a header that hashes to ${hashHeader({ ...parent, stateRoot: OTHER_HASH })}`,
        },
      ],
    ];
    for (const [name, tampered, source, outcome] of failed) {
      it(`fails when ${name}`, async () => {
        assert.deepEqual(await new LinkageValidator(source).validate(tampered, never), outcome);
      });
    }

    it('fails when the parent that its header names is not one block below', async () => {
      const wrongParent = parseHeader(growChain({ firstNumber: 6, count: 0, seed: 'linkage' }).root.block, 'grown');
      const child = { ...header, parentHash: hashHeader(wrongParent) };
      const key = { number: 8, hash: hashHeader(child) };
      const source = new MemorySource().put(key, child).put({ number: 7, hash: child.parentHash }, wrongParent);
      const witness = { path: '/w', parentHash: child.parentHash, preStateRoot: wrongParent.stateRoot };
      assert.deepEqual(await new LinkageValidator(source).validate({ key, epoch: 1, witness }, never), {
        kind: 'failed',
        stateRoot: header.stateRoot,
        reason: `parent block number: expected 7, found 5 in the header of ${child.parentHash}`,
      });
    });

    it('reaches no verdict while the source does not know the block or its parent', async () => {
      const source = new MemorySource();
      const validator = new LinkageValidator(source);
      assert.deepEqual(await validator.validate(task, never), unknown(block.key));
      source.put(block.key, header);
      assert.deepEqual(await validator.validate(task, never), unknown(root.key));
      source.put(root.key, parent);
      assert.deepEqual(await validator.validate(task, never), { kind: 'success', stateRoot: block.stateRoot });
    });

    it('reaches no verdict when the source fails, and passes a defect on', async () => {
      const detail = { argument: 'a chain', expected: 'a connection', found: 'ECONNREFUSED' };
      const outcome = await new LinkageValidator(failing(new BlockSourceError('ERR_UNREACHABLE', detail))).validate(
        task,
        never,
      );
      assert.deepEqual(outcome, { kind: 'error', reason: 'a chain: expected a connection, found ECONNREFUSED' });
      const defect = new TypeError('a defect');
      await assert.rejects(new LinkageValidator(failing(defect)).validate(task, never), defect);
    });

    it('reaches no verdict over an endpoint that answers with a forged header', async () => {
      await using endpoint = await serveRpc(result({ ...block.block, gasUsed: '0x1' }));
      const source = new JsonRpcSource(endpoint.url, new ManualClock(), () => 0);
      assert.equal((await new LinkageValidator(source).validate(task, never)).kind, 'error');
    });

    it('ends when the lease is lost', async () => {
      await using endpoint = await serveRpc(() => {});
      const stop = new AbortController();
      const source = new JsonRpcSource(endpoint.url, new ManualClock(), () => 0);
      const outcome = new LinkageValidator(source).validate(task, stop.signal);
      await endpoint.asked(1);
      stop.abort(new Error('the lease is lost'));
      assert.deepEqual(await outcome, { kind: 'error', reason: 'stopped: the lease is lost' });
    });
  });

  it('of genesis needs no parent', async () => {
    const { root } = growChain({ firstNumber: 1, count: 0, seed: 'genesis' });
    const source = new MemorySource().put(root.key, parseHeader(root.block, 'grown'));
    const witness = { path: '/w', parentHash: ZERO_HASH, preStateRoot: ZERO_HASH };
    const task = { key: root.key, epoch: 1, witness };
    const validator = new LinkageValidator(source);
    assert.deepEqual(await validator.validate(task, never), { kind: 'success', stateRoot: root.stateRoot });
    const orphan = { ...task, witness: { ...witness, parentHash: OTHER_HASH } };
    assert.equal((await validator.validate(orphan, never)).kind, 'failed');
  });
});
