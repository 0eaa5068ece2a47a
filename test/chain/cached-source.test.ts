import assert from 'node:assert/strict';
import { blockId, type BlockKey } from '../../crdt/ids.ts';
import type { BlockSource } from '../../src/chain/block-source.ts';
import { CachedSource, HEADERS_CACHED_MAX } from '../../src/chain/cached-source.ts';
import { growChain } from '../../src/chain/grow.ts';
import { parseHeader, type Header } from '../../src/chain/header.ts';

const never = new AbortController().signal;

/** A chain in memory that counts how often it is asked for each block. */
class CountingSource implements BlockSource {
  readonly headers = new Map<string, Header>();
  readonly asked = new Map<string, number>();

  header(key: BlockKey): Promise<Header | undefined> {
    const id = blockId(key);
    this.asked.set(id, (this.asked.get(id) ?? 0) + 1);
    return Promise.resolve(this.headers.get(id));
  }

  describe(): string {
    return 'a chain in memory';
  }
}

describe('remembered headers', () => {
  const { root, blocks } = growChain({ firstNumber: 1, count: HEADERS_CACHED_MAX, seed: 'cache' });
  const chain = [root, ...blocks];
  let source: CountingSource;
  let cached: CachedSource;

  beforeEach(() => {
    source = new CountingSource();
    for (const { key, block } of chain) source.headers.set(blockId(key), parseHeader(block, 'grown'));
    cached = new CachedSource(source);
  });

  const asked = (key: BlockKey): number => source.asked.get(blockId(key)) ?? 0;

  it('are asked for once: as the block, and as the parent of the next', async () => {
    for (let use = 0; use < 2; use++) {
      assert.equal((await cached.header(root.key, never))?.stateRoot, root.stateRoot);
      assert.equal(asked(root.key), 1);
    }
    assert.equal(cached.describe(), 'a chain in memory');
  });

  it('are as many as the limit; one beyond, the least recently used is forgotten', async () => {
    const [first, second, ...rest] = chain;
    assert.ok(first !== undefined && second !== undefined);
    const last = rest.pop();
    assert.ok(last !== undefined);
    for (const { key } of [first, second, ...rest]) await cached.header(key, never);
    await cached.header(first.key, never);
    assert.equal(asked(first.key), 1, 'the limit is kept, and the first is now used last');
    await cached.header(last.key, never);
    await cached.header(first.key, never);
    await cached.header(second.key, never);
    assert.deepEqual([asked(first.key), asked(second.key), asked(last.key)], [1, 2, 1]);
  });

  it('never are a header of another hash, nor that there was none', async () => {
    const [block] = blocks;
    assert.ok(block !== undefined);
    source.headers.set(blockId(root.key), parseHeader(block.block, 'grown'));
    source.headers.delete(blockId(block.key));
    assert.equal((await cached.header(root.key, never))?.stateRoot, block.stateRoot);
    assert.equal(await cached.header(block.key, never), undefined);
    source.headers.set(blockId(root.key), parseHeader(root.block, 'grown'));
    source.headers.set(blockId(block.key), parseHeader(block.block, 'grown'));
    assert.equal((await cached.header(root.key, never))?.stateRoot, root.stateRoot);
    assert.equal((await cached.header(block.key, never))?.stateRoot, block.stateRoot);
  });
});
