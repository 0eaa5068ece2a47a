/**
 * Challenges, from time to time, the holders of witnesses that this node holds too, and lets them be challenged by hand.
 *
 * Invariants: one challenge a period, of a random witness and a random live holder, so that the cost does not grow with
 * what is stored. A holder fails by a wrong proof or by not having what it says it holds; one that is busy, slow or out
 * of reach has shown nothing. A holder that failed is not counted and not asked until it passes or the finding ends.
 */

import { textOf } from '../../crdt/errors.ts';
import { liveHolders } from '../../crdt/block/holders.ts';
import type { BlockKey, Hash32, NodeId } from '../../crdt/ids.ts';
import { hashFromBytes, HASH_BYTES } from '../../crdt/ids.ts';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import { PeerMisbehaved } from '../../net/framing/peer-misbehaved.ts';
import type { Network } from '../../net/network.ts';
import { drawChallenge, type ChallengeRequest, type ChallengeSample } from '../../net/witness/challenge.ts';
import type { WitnessClient } from '../../net/witness/client.ts';
import { WitnessTransferError } from '../../net/witness/transfer-error.ts';
import type { BlockStore } from '../store/block-store.ts';
import type { HolderDistrust } from './distrust.ts';
import type { WitnessShelf } from './shelf.ts';

export type ChallengeVerdict =
  | { readonly outcome: 'passed' }
  | { readonly outcome: 'failed'; readonly reason: string }
  /** Nothing was shown: we do not hold the payload, or the holder did not answer. */
  | { readonly outcome: 'unknown'; readonly reason: string };

export type ChallengeEvent = {
  readonly type: 'holder-challenged';
  readonly holder: NodeId;
  readonly payloadDigest: Hash32;
  readonly verdict: ChallengeVerdict;
};

export interface ChallengerOptions {
  readonly network: Pick<Network, 'peers' | 'self'>;
  readonly clock: Clock;
  readonly random: RandomInteger;
  readonly client: Pick<WitnessClient, 'ask'>;
  readonly store: Pick<BlockStore, 'replica'>;
  readonly shelf: WitnessShelf;
  readonly distrust: HolderDistrust;
  /** What we would answer ourselves; undefined when we hold the payload no more. */
  readonly proofOf: (request: ChallengeRequest) => Promise<Hash32 | undefined>;
  readonly periodMs: number;
  readonly sample: ChallengeSample;
  readonly onEvent: (event: ChallengeEvent) => void;
  /** What this node makes of a holder has changed: copies may be too few now. */
  readonly onFinding: (key: BlockKey) => void;
}

export class Challenger {
  readonly #options: ChallengerOptions;
  readonly #stopping = new AbortController();
  #cancelTimer: (() => void) | undefined;

  constructor(options: ChallengerOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock, periodMs } = this.#options;
    this.#cancelTimer = clock.schedule(periodMs, () => {
      void this.#challengeOne().finally(() => {
        if (!this.#stopping.signal.aborted) this.start();
      });
    });
  }

  stop(): void {
    this.#stopping.abort(new DOMException('the node is stopping', 'AbortError'));
    this.#cancelTimer?.();
  }

  /** Challenges `holder` on a payload that this node holds too. What is found decides whom this node trusts. */
  async challenge(holder: NodeId, payloadDigest: Hash32): Promise<ChallengeVerdict> {
    const { shelf, distrust, clock, onEvent, onFinding } = this.#options;
    const held = shelf.withDigest(payloadDigest);
    if (held === undefined) return { outcome: 'unknown', reason: 'this node does not hold the payload' };
    const { payloadBytes } = held;
    const verdict = await this.#verdictOn(holder, payloadDigest, payloadBytes);
    if (verdict.outcome === 'passed') distrust.clear(holder, payloadDigest);
    if (verdict.outcome === 'failed') distrust.blame(holder, payloadDigest, clock.monotonicMs());
    onEvent({ type: 'holder-challenged', holder, payloadDigest, verdict });
    if (verdict.outcome !== 'unknown') onFinding(held.key);
    return verdict;
  }

  async #challengeOne(): Promise<void> {
    const { shelf, store, network, random } = this.#options;
    const held = shelf.pick(random);
    if (held?.payloadDigest === undefined) return;
    const inReach = new Set(network.peers().map(({ node }) => node));
    const holders = liveHolders(store.replica.get(held.key).holders).filter((node) => inReach.has(node));
    const holder = holders[holders.length > 0 ? random(holders.length) : 0];
    if (holder !== undefined) await this.challenge(holder, held.payloadDigest);
  }

  async #verdictOn(holder: NodeId, payloadDigest: Hash32, payloadBytes: number): Promise<ChallengeVerdict> {
    const { client, random, sample, proofOf } = this.#options;
    const request = drawChallenge(payloadDigest, payloadBytes, sample, random);
    try {
      const [answer, expected] = [await client.ask(holder, request, this.#stopping.signal), await proofOf(request)];
      if (expected === undefined) return { outcome: 'unknown', reason: 'this node does not hold the payload any more' };
      if (answer.length === HASH_BYTES && hashFromBytes(answer) === expected) return { outcome: 'passed' };
      return { outcome: 'failed', reason: 'a wrong proof' };
    } catch (error) {
      const reason = textOf(error);
      return { outcome: isFailureOfHolder(error) ? 'failed' : 'unknown', reason };
    }
  }
}

function isFailureOfHolder(error: unknown): boolean {
  if (error instanceof PeerMisbehaved) return true;
  return error instanceof WitnessTransferError && error.code === 'ERR_WITNESS_NOT_FOUND';
}
