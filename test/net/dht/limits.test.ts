/** What a member may store in another's DHT and ask of it. */

import assert from 'node:assert/strict';
import { Key } from 'interface-datastore';
import { DIGESTS_PER_PROVIDER_MAX } from '../../../net/holder-directory.ts';
import { ProviderDatastore } from '../../../net/libp2p/dht/provider-datastore.ts';
import { QUERIES_PER_PEER_PER_SECOND, QueryLimit } from '../../../net/libp2p/dht/query-limit.ts';
import { VirtualClock } from '../../../src/sim/virtual-clock.ts';

const VALUE = Uint8Array.of(1);

function recordKey(digest: string | number, provider: string): Key {
  return new Key(`/dht/provider/${digest}/${provider}`);
}

async function keysUnder(store: ProviderDatastore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.query({ prefix })) found.push(key.toString());
  return found;
}

describe('the provider records of a DHT', () => {
  it('are found by digest, and all together', async () => {
    const store = new ProviderDatastore();
    store.put(recordKey('a', 'p1'), VALUE);
    store.put(recordKey('a', 'p2'), VALUE);
    store.put(recordKey('ab', 'p1'), Uint8Array.of(2));
    assert.deepEqual(await keysUnder(store, '/dht/provider/a'), ['/dht/provider/a/p1', '/dht/provider/a/p2']);
    assert.equal((await keysUnder(store, '/dht/provider')).length, 3);
    assert.deepEqual(await keysUnder(store, '/dht/provider/none'), []);
    assert.deepEqual(store.get(recordKey('ab', 'p1')), Uint8Array.of(2));
    store.delete(recordKey('a', 'p1'));
    store.delete(recordKey('a', 'p1'));
    assert.equal(store.has(recordKey('a', 'p1')), false);
    assert.throws(() => store.get(recordKey('a', 'p1')), { code: 'ERR_NOT_FOUND' });
    assert.equal(store.size, 2);
  });

  it('of one provider are DIGESTS_PER_PROVIDER_MAX, and one more costs its own oldest', () => {
    const store = new ProviderDatastore();
    store.put(recordKey(0, 'other'), VALUE);
    for (let digest = 0; digest < DIGESTS_PER_PROVIDER_MAX; digest++) store.put(recordKey(digest, 'one'), VALUE);
    assert.equal(store.size, DIGESTS_PER_PROVIDER_MAX + 1);
    store.put(recordKey(0, 'one'), VALUE);
    store.put(recordKey('more', 'one'), VALUE);
    assert.equal(store.size, DIGESTS_PER_PROVIDER_MAX + 1);
    assert.equal(store.has(recordKey(0, 'one')), true, 'it was renewed');
    assert.equal(store.has(recordKey(1, 'one')), false, 'the oldest is gone');
    assert.equal(store.has(recordKey(0, 'other')), true);
  });

  it('are all that is taken', () => {
    const store = new ProviderDatastore();
    for (const path of ['/dht/record/a', '/dht/provider/a', '/dht/provider/a/b/c', '/peers/a/b']) {
      assert.throws(() => store.put(new Key(path), VALUE), { code: 'ERR_OVER_LIMIT' }, path);
    }
    assert.equal(store.size, 0);
  });
});

describe('the query limit of a DHT', () => {
  it('lets a peer ask QUERIES_PER_PEER_PER_SECOND and not one more, whatever others ask', async () => {
    const clock = new VirtualClock();
    const limit = new QueryLimit(clock);
    for (let asked = 0; asked < QUERIES_PER_PEER_PER_SECOND; asked++) assert(limit.allows('one', 1));
    assert.equal(limit.allows('one', 1), false);
    assert.equal(limit.allows('one', 1), false, 'what was refused is not owed');
    assert(limit.allows('another', QUERIES_PER_PEER_PER_SECOND));
    await clock.advance(1_000);
    assert(limit.allows('one', QUERIES_PER_PEER_PER_SECOND), 'a second later it may ask as many again');
  });

  it('refuses at once what no second allows', () => {
    assert.equal(new QueryLimit(new VirtualClock()).allows('one', QUERIES_PER_PEER_PER_SECOND + 1), false);
  });
});
