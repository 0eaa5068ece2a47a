/**
 * Follows how a replica comes to agree with the members in reach: which sessions it took, and how far each of them brought it.
 *
 * Invariant: an episode begins with the first session that moved a record and ends once every member in reach has agreed
 * or had a session with this node that left nothing over. Work under way makes digests differ all the time, so their being
 * equal at one moment is not waited for.
 */

import type { NodeId } from '../../crdt/ids.ts';

/** One session with one peer. */
export interface Round {
  readonly peer: NodeId;
  readonly sentRecords: number;
  readonly receivedRecords: number;
  /** After it: the share, 0 to 1, of the members in reach, this node included, that are known to hold the same. */
  readonly coverage: number;
}

export interface ConvergedEpisode {
  /** The first ROUNDS_KEPT_MAX of them. */
  readonly rounds: readonly Round[];
  readonly roundCount: number;
  readonly receivedRecords: number;
  readonly sentRecords: number;
  /** Other members in reach at its end. */
  readonly peers: number;
  /** Since the first of the peers of its rounds was seen to differ. */
  readonly durationMs: number;
}

/** Rounds that an episode tells of one by one. */
export const ROUNDS_KEPT_MAX = 64;

export interface ReachedMember {
  readonly node: NodeId;
  readonly agrees: boolean;
}

export interface SessionMoves {
  readonly sentRecords: number;
  readonly receivedRecords: number;
  /** Whether the session had to leave something over. */
  readonly more: boolean;
}

interface Episode {
  startedAtMs: number;
  readonly rounds: Round[];
  roundCount: number;
  sentRecords: number;
  receivedRecords: number;
}

export class Convergence {
  /** Of the members in reach, those with whom nothing was left to exchange when last compared. */
  readonly #settled = new Set<NodeId>();
  /** Since when each member in reach has shown another digest without a session that settled it. */
  readonly #differsSinceMs = new Map<NodeId, number>();
  #reached: readonly ReachedMember[] = [];
  #episode: Episode | undefined;

  /** Whether, since it was last out of reach, `node` has agreed once or a session with it has left nothing over. */
  isSettled(node: NodeId): boolean {
    return this.#settled.has(node);
  }

  /** A session with `peer` has ended well. `nowMs` is monotonic. */
  noteSession(peer: NodeId, { sentRecords, receivedRecords, more }: SessionMoves, nowMs: number): void {
    const differsSinceMs = this.#differsSinceMs.get(peer) ?? nowMs;
    if (!more) {
      this.#settled.add(peer);
      this.#differsSinceMs.delete(peer);
    }
    if (sentRecords + receivedRecords === 0 && this.#episode === undefined) return;
    const episode = (this.#episode ??= {
      startedAtMs: differsSinceMs,
      rounds: [],
      roundCount: 0,
      sentRecords: 0,
      receivedRecords: 0,
    });
    episode.startedAtMs = Math.min(episode.startedAtMs, differsSinceMs);
    episode.roundCount++;
    episode.sentRecords += sentRecords;
    episode.receivedRecords += receivedRecords;
    if (episode.rounds.length === ROUNDS_KEPT_MAX) return;
    episode.rounds.push({ peer, sentRecords, receivedRecords, coverage: this.#coverage() });
  }

  /** What is seen now. Gives the episode that has ended with it, if one has. `nowMs` is monotonic. */
  look(reached: readonly ReachedMember[], nowMs: number): ConvergedEpisode | undefined {
    this.#reached = reached;
    const inReach = new Set(reached.map(({ node }) => node));
    for (const known of [...this.#settled, ...this.#differsSinceMs.keys()]) {
      if (inReach.has(known)) continue;
      this.#settled.delete(known);
      this.#differsSinceMs.delete(known);
    }
    for (const { node, agrees } of reached) {
      if (agrees) {
        this.#settled.add(node);
        this.#differsSinceMs.delete(node);
      } else if (!this.#differsSinceMs.has(node)) this.#differsSinceMs.set(node, nowMs);
    }
    const episode = this.#episode;
    // With nobody in reach nothing has converged: the episode goes on when somebody is.
    if (episode === undefined || reached.length === 0) return undefined;
    if (!reached.every(({ node }) => this.#settled.has(node))) return undefined;
    this.#episode = undefined;
    const { startedAtMs, ...counts } = episode;
    return { ...counts, peers: reached.length, durationMs: nowMs - startedAtMs };
  }

  #coverage(): number {
    const settled = this.#reached.filter(({ node }) => this.#settled.has(node)).length;
    return (settled + 1) / (this.#reached.length + 1);
  }
}
