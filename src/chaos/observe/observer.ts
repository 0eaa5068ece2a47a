/**
 * What the nodes say of themselves while the run goes on: for the timeline, and for when to go on. No verdict rests on it.
 *
 * Invariant: at most `SAMPLES_MAX` samples a node are kept; of a longer run every second one goes, again and again.
 */

import { pause } from '../../../net/clock.ts';
import { systemClock } from '../../node/machine.ts';
import type { StatusAnswer } from '../../rpc/status-schema.ts';
import type { ChaosNode } from '../fleet/chaos-node.ts';
import { processStats } from '../fleet/process-stats.ts';

/** Enough for a plot of 1,000 pixels. */
export const SAMPLES_MAX = 2_000;
const SAMPLE_MS = 500;

export interface Sample {
  /** Since the run began. */
  readonly atMs: number;
  readonly state: 'answers' | 'paused' | 'silent' | 'down';
  /** Undefined unless it answers. */
  readonly said: Said | undefined;
  readonly memoryBytes: number | undefined;
  readonly handles: number | undefined;
}

export interface Said {
  readonly mode: string;
  readonly standing: string;
  readonly digest: string;
  readonly success: number;
  /** Known blocks that are not Success here. */
  readonly lag: number;
  readonly leases: number;
  readonly duplicates: number;
  readonly disputed: number;
  readonly connected: number;
}

export class Observer {
  readonly #nodes: readonly ChaosNode[];
  readonly #known: () => number;
  readonly #samples = new Map<ChaosNode, Sample[]>();
  readonly #startedAtMs = systemClock.monotonicMs();
  readonly #stopping = new AbortController();
  #everyMs = SAMPLE_MS;
  #loops: Promise<void>[] = [];

  /** `known`: how many blocks there are. */
  constructor(nodes: readonly ChaosNode[], known: () => number) {
    this.#nodes = nodes;
    this.#known = known;
  }

  get nowMs(): number {
    return systemClock.monotonicMs() - this.#startedAtMs;
  }

  start(): void {
    this.#loops = this.#nodes.map((node) => this.#watch(node));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  samplesOf(node: ChaosNode): readonly Sample[] {
    return this.#samples.get(node) ?? [];
  }

  async #watch(node: ChaosNode): Promise<void> {
    const { signal } = this.#stopping;
    const samples: Sample[] = [];
    this.#samples.set(node, samples);
    while (!signal.aborted) {
      samples.push(await this.#sample(node));
      if (samples.length >= SAMPLES_MAX) {
        samples.splice(0, samples.length, ...samples.filter((_, at) => at % 2 === 0));
        this.#everyMs = Math.max(this.#everyMs, (this.nowMs / SAMPLES_MAX) * 2);
      }
      await pause(systemClock, this.#everyMs, signal).catch(() => undefined);
    }
  }

  async #sample({ daemon }: ChaosNode): Promise<Sample> {
    const { pid } = daemon;
    const [status, stats] = await Promise.all([daemon.status(), pid === undefined ? undefined : processStats(pid)]);
    const state = status !== undefined ? 'answers' : daemon.isPaused ? 'paused' : daemon.isRunning ? 'silent' : 'down';
    return {
      atMs: this.nowMs,
      state,
      said: status === undefined ? undefined : this.#said(status),
      memoryBytes: stats?.memoryBytes,
      handles: stats?.handles,
    };
  }

  #said({ mode, clock, digest, blocks, validator, clients, peers }: StatusAnswer): Said {
    return {
      mode,
      standing: clock.standing,
      digest,
      success: blocks.success,
      lag: Math.max(0, this.#known() - blocks.success),
      leases: validator.inFlight + clients.leases,
      duplicates: blocks.duplicates,
      disputed: blocks.disputed,
      connected: peers.filter((peer) => peer.connected).length,
    };
  }
}
