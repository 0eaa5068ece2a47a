/** Two or more nodes on an in-memory network under virtual time, some of which hold payloads and some of which lie. */

import { chunkListOf, CHUNK_BYTES, encodeChunkList, payloadDigestOf } from '../../../crdt/block/payload-digest.ts';
import { hashToBytes, type NodeId } from '../../../crdt/ids.ts';
import { decodeFrames, encodeFrames } from '../../../net/framing/frames.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import { MemoryHub } from '../../../net/memory/hub.ts';
import type { Network, StreamHandler } from '../../../net/network.ts';
import { proveStorage } from '../../../net/witness/challenge.ts';
import { WitnessClient } from '../../../net/witness/client.ts';
import { WITNESS_REQUEST_BYTES_MAX } from '../../../net/witness/limits.ts';
import { decodeWitnessRequest, WITNESS_PROTOCOL, type WitnessRequest } from '../../../net/witness/messages.ts';
import type { WantedWitness } from '../../../net/witness/retrieve.ts';
import {
  WitnessServer,
  type ContractSource,
  type ServeLimits,
  type ServedChunk,
  type WitnessSource,
} from '../../../net/witness/serve.ts';
import { nodeOf } from '../../crdt/block/arbitraries.ts';
import { VirtualClock } from '../../../src/sim/virtual-clock.ts';

export const SERVE_LIMITS: ServeLimits = {
  streamsPerPeer: 4,
  streamsTotal: 8,
  bytesPerSecondPerPeer: 2 ** 40,
  bytesPerSecondPerRegion: 2 ** 40,
};

export const NO_CONTRACTS: ContractSource = {
  buckets: async () => undefined,
  hashes: async () => undefined,
  linePart: async () => undefined,
};

/** Bytes that differ from chunk to chunk. */
export function payloadOf(bytes: number, salt = 0): Uint8Array {
  const payload = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at++) payload[at] = (at * 31 + Math.floor(at / CHUNK_BYTES) * 7 + salt) % 251;
  return payload;
}

export function wantedOf(payload: Uint8Array): WantedWitness {
  return { payloadDigest: payloadDigestOf(payload), payloadBytes: payload.length };
}

export function sourceOf(...payloads: readonly Uint8Array[]): WitnessSource {
  const find = (digest: string): Uint8Array | undefined => payloads.find((each) => payloadDigestOf(each) === digest);
  return {
    describe: async () => undefined,
    chunkList: async (digest) => {
      const payload = find(digest);
      return payload === undefined ? undefined : encodeChunkList(chunkListOf(payload));
    },
    chunk: (digest, index) => servedOf(find(digest)?.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)),
    prove: async (request) => {
      const payload = find(request.payloadDigest);
      if (payload === undefined) return undefined;
      const proof = await proveStorage(request, async (at, lengthBytes) => payload.subarray(at, at + lengthBytes));
      return proof === undefined ? undefined : hashToBytes(proof);
    },
  };
}

function servedOf(bytes: Uint8Array | undefined): ServedChunk | undefined {
  return bytes === undefined ? undefined : { sizeBytes: bytes.length, read: () => Promise.resolve(bytes) };
}

/** Answers each request with the frames that `answer` gives, whatever they are. */
export function liar(
  answer: (request: WitnessRequest) => Iterable<Uint8Array> | Promise<Iterable<Uint8Array>>,
): HolderMaker {
  return () => async (_peer, stream) => {
    async function* answers(): AsyncGenerator<Uint8Array> {
      for await (const frame of decodeFrames(stream.source, WITNESS_PROTOCOL, WITNESS_REQUEST_BYTES_MAX)) {
        yield* await answer(decodeWitnessRequest(frame));
      }
    }
    await stream.sink(encodeFrames(answers()));
  };
}

/** What serves the witness protocol on a node whose clock is given. */
export type HolderMaker = (clock: VirtualClock) => StreamHandler;

export class WitnessPeers {
  readonly clock = new VirtualClock();
  readonly self = nodeOf(1);
  readonly hub = new MemoryHub({ clock: this.clock, random: () => 0 });
  readonly networks: Network[] = [];
  readonly client: WitnessClient;
  readonly holders: readonly NodeId[];

  private constructor(makers: readonly HolderMaker[], streamsPerPeer: number) {
    const handlers = makers.map((make) => make(this.clock));
    this.holders = handlers.map((_, at) => nodeOf(at + 2));
    const members = [this.self, ...this.holders];
    for (const member of members) this.networks.push(this.hub.join(new MemberList(member, members)));
    for (const [at, handler] of handlers.entries()) this.networks[at + 1]?.serve(WITNESS_PROTOCOL, handler);
    const [network] = this.networks;
    if (network === undefined) throw new Error('there is no node');
    this.client = new WitnessClient({ network, clock: this.clock, streamsPerPeer });
  }

  /** A node with a client, linked to one holder for each of `makers`. */
  static async start(makers: readonly HolderMaker[], streamsPerPeer = 2): Promise<WitnessPeers> {
    const peers = new WitnessPeers(makers, streamsPerPeer);
    await Promise.all(peers.networks.map((network) => network.start()));
    return peers;
  }

  /** Lets time pass, at most `limitMs`, until `work` has settled; settles as it does. */
  async during<T>(work: Promise<T>, limitMs = 600_000): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    work.then(settle, settle);
    await this.clock.advanceUntil(() => isSettled, limitMs);
    return work;
  }
}

/** A node that holds `payloads` and serves them within `limits`. */
export function holderOf(payloads: readonly Uint8Array[], limits: ServeLimits = SERVE_LIMITS): HolderMaker {
  return (clock) =>
    new WitnessServer({ source: sourceOf(...payloads), contracts: NO_CONTRACTS, clock, limits, regionOf: () => 'here' })
      .handler;
}
