/**
 * `HolderDirectory` over the DHT: provider records under a key that is made from the payload's digest.
 *
 * Invariant: who is found is dialled by the addresses that came with it and counts once it answered as a member; an answer
 * costs at most `FIND_MS_MAX`.
 */

import { createHash } from 'node:crypto';
import type { KadDHT, QueryEvent } from '@libp2p/kad-dht';
import { CID } from 'multiformats/cid';
import { create as createMultihash } from 'multiformats/hashes/digest';
import { hashToBytes, type Hash32, type NodeId } from '../../../crdt/ids.ts';
import { withDeadline, type Clock } from '../../clock.ts';
import { HOLDERS_FOUND_MAX, type HolderDirectory } from '../../holder-directory.ts';
import { nodeOfPeer } from '../../identity/peer-id.ts';
import { notRunning } from '../../transport-error.ts';

/** A lookup over three hops of 300 ms each, with dials, and one member on the way that does not answer. */
export const FIND_MS_MAX = 10_000;
export const PROVIDE_MS_MAX = 20_000;

const RAW_CODEC = 0x55;
const SHA2_256 = 0x12;

export interface DhtHolderDirectoryOptions {
  readonly clock: Clock;
  readonly self: NodeId;
  /** Undefined before the network started and after it stopped. */
  readonly dht: () => KadDHT | undefined;
  /** See `MemberDht.introduce`. */
  readonly introduceLinks: () => void;
  /** Resolves with whether there is a link to the member now. Throws `signal`'s reason alone. */
  readonly linkTo: (node: NodeId, signal: AbortSignal) => Promise<boolean>;
}

export class DhtHolderDirectory implements HolderDirectory {
  readonly #options: DhtHolderDirectoryOptions;

  constructor(options: DhtHolderDirectoryOptions) {
    this.#options = options;
  }

  async provide(payloadDigest: Hash32, signal: AbortSignal): Promise<boolean> {
    const dht = this.#running();
    let isKnown = false;
    await withDeadline(this.#options.clock, PROVIDE_MS_MAX, signal, async (limited) => {
      for await (const event of dht.provide(providerKey(payloadDigest), { signal: limited })) {
        if (event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER') isKnown = true;
      }
    }).catch(failUnless(signal));
    return isKnown;
  }

  async withdraw(payloadDigest: Hash32, signal: AbortSignal): Promise<void> {
    await this.#running().cancelReprovide(providerKey(payloadDigest), { signal });
  }

  async find(payloadDigest: Hash32, signal: AbortSignal): Promise<readonly NodeId[]> {
    const dht = this.#running();
    const { clock, linkTo } = this.#options;
    const linked: NodeId[] = [];
    await withDeadline(clock, FIND_MS_MAX, signal, async (limited) => {
      for await (const node of this.#named(dht.findProviders(providerKey(payloadDigest), { signal: limited }))) {
        if (await linkTo(node, limited)) linked.push(node);
        if (linked.length >= HOLDERS_FOUND_MAX) return;
      }
    }).catch(failUnless(signal));
    return linked;
  }

  /** Those that answers name as holders, each once. */
  async *#named(events: AsyncIterable<QueryEvent>): AsyncGenerator<NodeId> {
    const seen = new Set([this.#options.self]);
    for await (const event of events) {
      if (event.name !== 'PROVIDER') continue;
      for (const { id } of event.providers) {
        const node = nodeOfPeer(id);
        if (node === undefined || seen.has(node)) continue;
        seen.add(node);
        yield node;
      }
    }
  }

  #running(): KadDHT {
    const dht = this.#options.dht();
    if (dht === undefined) throw notRunning();
    this.#options.introduceLinks();
    return dht;
  }
}

/**
 * SHA-256 over the digest, as a CID of version 0: the only kind that @libp2p/kad-dht takes, since it reads the bare multihash
 * of a key as a whole CID.
 */
export function providerKey(payloadDigest: Hash32): CID {
  const hashed = createHash('sha256').update(hashToBytes(payloadDigest)).digest();
  return CID.createV1(RAW_CODEC, createMultihash(SHA2_256, hashed));
}

/** What fails in the middle of a query is no news: what was found counts, and what was not can be asked again. */
function failUnless(signal: AbortSignal): () => void {
  return () => signal.throwIfAborted();
}
