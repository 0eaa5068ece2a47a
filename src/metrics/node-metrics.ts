/**
 * A node's metrics in Prometheus' text format: its status, durations taken from its events, the process, and libp2p's own.
 *
 * Invariant: nothing is done for them between two scrapes but to note durations; what is remembered for that is
 * bounded.
 */

import { prometheusMetrics } from '@libp2p/prometheus-metrics';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { blockId } from '../../crdt/ids.ts';
import type { Clock } from '../../net/clock.ts';
import type { MetricsFactory } from '../../net/libp2p/node.ts';
import type { NodeEvent } from '../node/events.ts';
import type { NodeStatus } from '../node/status.ts';
import { STATUS_FAMILIES, type StatusFamily } from './status-metrics.ts';

/** From a validator that only links hashes to one that replays a full block. */
const VALIDATION_BUCKETS_SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120];
/** From what one session repairs at once to what a node of a million blocks takes. */
const CONVERGENCE_BUCKETS_SECONDS = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600];
/** Claims whose end is waited for, to time them; with one more the oldest is forgotten: its client may never have come back. */
export const CLAIMS_TIMED_MAX = 4_096;
const ROUND_BUCKETS = [1, 2, 3, 5, 8, 13, 21, 34, 55];

export class NodeMetrics {
  readonly #registry = new Registry();
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #families: readonly [StatusFamily, Counter | Gauge][];
  readonly #validation: Histogram;
  readonly #convergence: Histogram;
  readonly #rounds: Histogram;
  readonly #writeFailures: Counter;
  readonly #oldestLease: Gauge;
  /** When each claim was made that came to no end yet. */
  readonly #claimedAtMs = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
    const registers = [this.#registry];
    this.#families = STATUS_FAMILIES.map((family) => {
      const { name, help, kind, labels = [] } = family;
      const options = { name, help, labelNames: [...labels], registers };
      return [family, kind === 'counter' ? new Counter(options) : new Gauge(options)];
    });
    this.#validation = new Histogram({
      name: 'driftlock_validation_seconds',
      help: 'From a claim to what its validation came to.',
      labelNames: ['outcome'],
      buckets: VALIDATION_BUCKETS_SECONDS,
      registers,
    });
    this.#convergence = new Histogram({
      name: 'driftlock_convergence_seconds',
      help: 'From when a member in reach was seen to differ to when nothing was left to exchange.',
      buckets: CONVERGENCE_BUCKETS_SECONDS,
      registers,
    });
    this.#rounds = new Histogram({
      name: 'driftlock_convergence_rounds',
      help: 'Sessions that it took.',
      buckets: ROUND_BUCKETS,
      registers,
    });
    this.#writeFailures = new Counter({
      name: 'driftlock_write_failures_total',
      help: 'Writes that the disk did not take; each is tried again.',
      registers,
    });
    this.#oldestLease = new Gauge({
      name: 'driftlock_oldest_lease_age_seconds',
      help: 'Of the claims of this node that came to no end yet, the age of the oldest; 0 with none.',
      registers,
    });
  }

  /** For libp2p, whose measurements then are among these, as are those of the process. */
  get libp2p(): MetricsFactory {
    return prometheusMetrics({ registry: this.#registry, preserveExistingMetrics: true });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  note(event: NodeEvent): void {
    switch (event.type) {
      case 'claimed':
        this.#noteClaim(blockId(event.key));
        return;
      case 'lease-lost':
        this.#noteEnd(blockId(event.key), 'lease-lost');
        return;
      case 'validated':
        this.#noteEnd(blockId(event.key), event.outcome.kind);
        return;
      case 'converged':
        this.#convergence.observe(event.durationMs / 1_000);
        this.#rounds.observe(event.roundCount);
        return;
      case 'write-failed':
        this.#writeFailures.inc();
        return;
      default:
        return;
    }
  }

  /** All of them, with `status` as it is now. */
  scrape(status: NodeStatus): Promise<string> {
    for (const [family, metric] of this.#families) show(family, metric, status);
    const nowMs = this.#clock.monotonicMs();
    const ages = [...this.#claimedAtMs.values()].map((atMs) => nowMs - atMs);
    this.#oldestLease.set(Math.max(0, ...ages) / 1_000);
    return this.#registry.metrics();
  }

  #noteClaim(id: string): void {
    // Taken out first, so that the order is that of the latest claims.
    this.#claimedAtMs.delete(id);
    this.#claimedAtMs.set(id, this.#clock.monotonicMs());
    const [oldest] = this.#claimedAtMs.keys();
    if (this.#claimedAtMs.size > CLAIMS_TIMED_MAX && oldest !== undefined) this.#claimedAtMs.delete(oldest);
  }

  #noteEnd(id: string, outcome: string): void {
    const claimedAtMs = this.#claimedAtMs.get(id);
    if (claimedAtMs === undefined) return;
    this.#claimedAtMs.delete(id);
    this.#validation.observe({ outcome }, (this.#clock.monotonicMs() - claimedAtMs) / 1_000);
  }
}

function show({ labels, read }: StatusFamily, metric: Counter | Gauge, status: NodeStatus): void {
  // What is gone since the last time, such as a value no longer known, must not stand as it was.
  metric.reset();
  if (labels === undefined) metric.remove();
  for (const { labels: values = {}, value } of read(status)) {
    if (value !== null && value !== undefined) metric.inc(values, value);
  }
}
