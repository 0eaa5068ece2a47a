/**
 * What a program may do with witness payloads: store a chunk, retrieve one, and challenge a holder.
 *
 * Invariant: content-addressed and idempotent: the digest says what is stored and what comes back, whoever it came from, and
 * doing it twice is doing it once.
 */

import { blake3Hash } from '../../crdt/hash.ts';
import type { Hash32, NodeId } from '../../crdt/ids.ts';
import type { Network } from '../../net/network.ts';
import type { WitnessClient } from '../../net/witness/client.ts';
import type { Challenger, ChallengeVerdict } from './challenger.ts';
import type { ChunkStore } from './chunk-store.ts';
import type { HolderFinder } from './holder-finder.ts';
import type { PayloadSource } from './payload-source.ts';
import { orderSources } from './sources.ts';

export interface WitnessOperations {
  /** Keeps `bytes` (at most `CHUNK_BYTES`) and returns their BLAKE3, by which this node and its peers find them. */
  storeChunk(bytes: Uint8Array): Promise<Hash32>;
  /**
   * The bytes with this BLAKE3: from this node's chunks, from a witness of one chunk on its shelf, from the nearest peer
   * that has them, or from a holder that the directory knows; undefined when none in reach does. Throws the reason of `signal`.
   */
  retrieveChunk(digest: Hash32, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** Whether `holder` can prove that it stores the payload with this digest, which this node must hold itself. */
  challenge(holder: NodeId, payloadDigest: Hash32): Promise<ChallengeVerdict>;
}

export interface WitnessOperationsOptions {
  readonly network: Pick<Network, 'peers'>;
  readonly client: Pick<WitnessClient, 'ask'>;
  readonly chunks: ChunkStore;
  readonly source: PayloadSource;
  readonly challenger: Challenger;
  readonly finder: HolderFinder;
  readonly region: string;
  readonly regionOf: (node: NodeId) => string;
}

export function witnessOperations(options: WitnessOperationsOptions): WitnessOperations {
  const { network, client, chunks, source, challenger, finder, region, regionOf } = options;
  return {
    storeChunk: (bytes) => chunks.store(bytes),
    challenge: (holder, payloadDigest) => challenger.challenge(holder, payloadDigest),
    async retrieveChunk(digest, signal = new AbortController().signal) {
      const own = await source.chunk(digest, 0)?.read();
      if (own !== undefined && blake3Hash(own) === digest) return own;
      const links = network.peers().map((link) => ({ ...link, region: regionOf(link.node) }));
      const linked = orderSources(links, region);
      const fromLinked = await firstThatHas(linked, digest, signal);
      if (fromLinked !== undefined) return fromLinked;
      const found = await finder.find(digest, signal);
      const others = found.filter((node) => !linked.includes(node));
      return firstThatHas(others, digest, signal);
    },
  };

  async function firstThatHas(
    peers: readonly NodeId[],
    digest: Hash32,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    for (const peer of peers) {
      try {
        const bytes = await client.ask(peer, { kind: 'chunk', payloadDigest: digest, index: 0 }, signal);
        if (blake3Hash(bytes) === digest) return bytes;
      } catch (error) {
        // Who has it not, or fails, is followed by the next.
        if (signal.aborted) throw error;
      }
    }
    return undefined;
  }
}
