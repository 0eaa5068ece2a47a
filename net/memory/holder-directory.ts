/**
 * `HolderDirectory` for the nodes of one `MemoryHub`: all look into one book.
 *
 * Invariant: a node finds those that it is linked to, since in memory every two nodes that may be linked are.
 */

import type { Hash32, NodeId } from '../../crdt/ids.ts';
import { DIGESTS_PER_PROVIDER_MAX, HOLDERS_FOUND_MAX, type HolderDirectory } from '../holder-directory.ts';
import type { Network } from '../network.ts';
import { notRunning } from '../transport-error.ts';
import type { MemoryNetwork } from './network.ts';

/** Who says to hold what, over all nodes of a hub. */
export class HolderBook {
  readonly #digests = new Map<NodeId, Set<Hash32>>();

  add(node: NodeId, payloadDigest: Hash32): void {
    const digests = this.#digests.get(node) ?? new Set<Hash32>();
    this.#digests.set(node, digests);
    digests.delete(payloadDigest);
    digests.add(payloadDigest);
    const [oldest] = digests;
    if (digests.size > DIGESTS_PER_PROVIDER_MAX && oldest !== undefined) digests.delete(oldest);
  }

  remove(node: NodeId, payloadDigest: Hash32): void {
    this.#digests.get(node)?.delete(payloadDigest);
  }

  holders(payloadDigest: Hash32): NodeId[] {
    return [...this.#digests].filter(([, digests]) => digests.has(payloadDigest)).map(([node]) => node);
  }
}

export class MemoryHolderDirectory implements HolderDirectory {
  readonly #book: HolderBook;
  readonly #network: Pick<Network, 'self' | 'peers'> & Pick<MemoryNetwork, 'isRunning'>;

  constructor(book: HolderBook, network: MemoryNetwork) {
    this.#book = book;
    this.#network = network;
  }

  async provide(payloadDigest: Hash32, signal: AbortSignal): Promise<boolean> {
    this.#check(signal);
    if (this.#network.peers().length === 0) return false;
    this.#book.add(this.#network.self, payloadDigest);
    return true;
  }

  async withdraw(payloadDigest: Hash32, signal: AbortSignal): Promise<void> {
    this.#check(signal);
    this.#book.remove(this.#network.self, payloadDigest);
  }

  async find(payloadDigest: Hash32, signal: AbortSignal): Promise<readonly NodeId[]> {
    this.#check(signal);
    const holders = new Set(this.#book.holders(payloadDigest));
    const linked = this.#network.peers().map(({ node }) => node);
    return linked.filter((node) => holders.has(node)).slice(0, HOLDERS_FOUND_MAX);
  }

  #check(signal: AbortSignal): void {
    signal.throwIfAborted();
    if (!this.#network.isRunning) throw notRunning();
  }
}
