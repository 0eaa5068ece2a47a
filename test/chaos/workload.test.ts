/** The workload with known answers: the chain, the endpoint that answers for it, and what was there before. */

import assert from 'node:assert/strict';
import { blockId } from '../../crdt/ids.ts';
import {
  ChainServer,
  HEADERS_MAX,
  REQUEST_BYTES_MAX,
  validationTimeOf,
} from '../../src/chaos/workload/chain-server.ts';
import { KnownBlocks } from '../../src/chaos/workload/blocks.ts';
import { growRoot } from '../../src/chain/grow.ts';
import { isJsonObject } from '../../src/files/json.ts';

/** What `url` answers about the block called `hash`; undefined when it does not answer. */
async function ask(url: string, hash: string, paddingBytes = 0): Promise<unknown> {
  const request = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getBlockByHash', params: [hash, false] });
  try {
    const response = await fetch(url, { method: 'POST', body: request.padEnd(request.length + paddingBytes) });
    const answer: unknown = await response.json();
    return isJsonObject(answer) ? answer['result'] : undefined;
  } catch {
    return undefined;
  }
}

describe('the chain of a run', () => {
  it('is the same for a seed; of several hashes at a height the first goes on', () => {
    const [one, same] = [new KnownBlocks(5, 3), new KnownBlocks(5, 3)];
    const blocks = Array.from({ length: 7 }, () => one.next());
    for (const { grown } of blocks) assert.equal(blockId(same.next().grown.key), blockId(grown.key));
    assert.deepEqual(
      blocks.map(({ grown }) => grown.key.number - one.root.key.number),
      [1, 1, 1, 2, 2, 2, 3],
    );
    assert.deepEqual(
      blocks.map(({ isCanonical }) => isCanonical),
      [true, false, false, true, false, false, true],
    );
    assert.equal(new Set(blocks.map(({ grown }) => grown.key.hash)).size, 7);
    assert.deepEqual(
      blocks.slice(3, 6).map(({ grown }) => grown.parentHash),
      Array(3).fill(blocks[0]?.grown.key.hash),
    );
    assert.equal(one.size, 7);
  });

  it('makes each validation last as long as was drawn for it', () => {
    assert.equal(validationTimeOf(`0x${'0'.repeat(64)}`, [100, 500]), 100);
    assert.ok(validationTimeOf(`0x${'f'.repeat(64)}`, [100, 500]) > 499);
  });
});

describe('the endpoint of a run', () => {
  let server: ChainServer;
  let url: string;
  let answers: number;

  beforeEach(async () => {
    answers = 0;
    server = new ChainServer(() => ++answers);
    url = await server.listen('127.0.0.1');
  });

  afterEach(() => server.close());

  it('answers for the blocks that it knows, and says of others that there are none', async () => {
    const root = growRoot('endpoint', 5);
    server.add(root);
    assert.deepEqual(await ask(url, root.key.hash), root.block);
    assert.equal(await ask(url, '0x12'), null);
    assert.equal(answers, 2);
  });

  it(`reads a request of ${REQUEST_BYTES_MAX} bytes, and hangs up on one more`, async () => {
    const bare = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'eth_getBlockByHash',
      params: ['0x12', false],
    }).length;
    assert.equal(await ask(url, '0x12', REQUEST_BYTES_MAX - bare), null);
    assert.equal(await ask(url, '0x12', REQUEST_BYTES_MAX - bare + 1), undefined);
    assert.equal(answers, 1);
  });

  it(`keeps ${HEADERS_MAX} headers, and forgets the oldest for one more`, async () => {
    const root = growRoot('endpoint', 5);
    const named = (at: number): typeof root => ({ ...root, key: { number: at, hash: `0x${at}` } });
    for (let at = 0; at < HEADERS_MAX; at++) server.add(named(at));
    assert.notEqual(await ask(url, '0x0'), null);
    server.add(named(HEADERS_MAX));
    assert.equal(await ask(url, '0x0'), null);
    assert.notEqual(await ask(url, '0x1'), null);
  });
});
