/**
 * Where the DHT keeps provider records: in memory, within limits, since what is in it comes from others and is said again by
 * those who hold something.
 *
 * Invariants: at most `DIGESTS_PER_PROVIDER_MAX` records of one provider, the oldest making room, so a member that says it
 * holds everything forgets its own; nothing but provider records is taken. The records of one digest are found without
 * looking at the others.
 */

import { BaseDatastore } from 'datastore-core';
import type { Key, Pair, Query } from 'interface-datastore';
import { DriftlockError } from '../../../crdt/errors.ts';
import { DIGESTS_PER_PROVIDER_MAX } from '../../holder-directory.ts';

/** `/dht/provider/DIGEST/PEER`, as @libp2p/kad-dht names them. */
const PROVIDER_KEY = /^(?<digest>\/dht\/provider\/[^/]+)\/(?<provider>[^/]+)$/;

interface Entry {
  readonly key: Key;
  readonly value: Uint8Array;
}

export class ProviderDatastore extends BaseDatastore {
  /** By digest, then by provider. */
  readonly #records = new Map<string, Map<string, Entry>>();
  /** The keys of each provider, the oldest first. */
  readonly #byProvider = new Map<string, Map<string, Key>>();

  get size(): number {
    let size = 0;
    for (const keys of this.#byProvider.values()) size += keys.size;
    return size;
  }

  override put(key: Key, value: Uint8Array): Key {
    const { digest, provider } = partsOf(key);
    this.delete(key);
    const keys = this.#byProvider.get(provider) ?? new Map<string, Key>();
    this.#byProvider.set(provider, keys.set(key.toString(), key));
    const entries = this.#records.get(digest) ?? new Map<string, Entry>();
    this.#records.set(digest, entries.set(provider, { key, value }));
    const [oldest] = keys.values();
    if (keys.size > DIGESTS_PER_PROVIDER_MAX && oldest !== undefined) this.delete(oldest);
    return key;
  }

  override get(key: Key): Uint8Array {
    const entry = this.#find(key);
    if (entry === undefined) throw noSuchRecord(key);
    return entry.value;
  }

  override has(key: Key): boolean {
    return this.#find(key) !== undefined;
  }

  override delete(key: Key): void {
    const parts = PROVIDER_KEY.exec(key.toString())?.groups;
    const { digest = '', provider = '' } = parts ?? {};
    const entries = this.#records.get(digest);
    if (entries?.delete(provider) === true && entries.size === 0) this.#records.delete(digest);
    const keys = this.#byProvider.get(provider);
    if (keys?.delete(key.toString()) === true && keys.size === 0) this.#byProvider.delete(provider);
  }

  override async *_all({ prefix = '/' }: Query): AsyncGenerator<Pair> {
    const ofOne = this.#records.get(prefix);
    const found = ofOne === undefined ? [...this.#records.values()] : [ofOne];
    for (const entries of found) {
      for (const { key, value } of entries.values()) if (key.toString().startsWith(prefix)) yield { key, value };
    }
  }

  #find(key: Key): Entry | undefined {
    const { digest = '', provider = '' } = PROVIDER_KEY.exec(key.toString())?.groups ?? {};
    return this.#records.get(digest)?.get(provider);
  }
}

function noSuchRecord(key: Key): DriftlockError {
  return new DriftlockError('ERR_NOT_FOUND', { argument: 'DHT record', expected: 'a record', found: key.toString() });
}

function partsOf(key: Key): { readonly digest: string; readonly provider: string } {
  const { digest, provider } = PROVIDER_KEY.exec(key.toString())?.groups ?? {};
  if (digest !== undefined && provider !== undefined) return { digest, provider };
  const expected = 'the key of a provider record';
  throw new DriftlockError('ERR_OVER_LIMIT', { argument: 'DHT record', expected, found: key.toString() });
}
