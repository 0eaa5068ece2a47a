/**
 * The live feed: tells every page that is open what changes at this node, a few times a second.
 *
 * Invariants: without a page open it costs a sample every two seconds and nothing a change. A page that reads slowly is
 * passed over until it has read what it was sent, so at most `SEND_BUFFER_BYTES_MAX` and one frame wait for it. What
 * is the same for all pages is made once a step, and never takes more than `SUMMARY_SHARE_MAX` of the time.
 */

import type { Clock } from '../../net/clock.ts';
import type { EvidenceContent } from '../evidence/evidence-record.ts';
import { ClientView } from './client-view.ts';
import type { FeedSource } from './feed-source.ts';
import { SAMPLES_MAX, SAMPLE_MS, type Sample, type Summary, type Wish } from './frames.ts';
import { RecentEvidence } from './recent-evidence.ts';
import { RecentList } from './recent-list.ts';

/** Pages that are told at once; one more is refused. */
export const CLIENTS_MAX = 16;
/** Frames a second: more cannot be read, fewer feel slow. */
export const STEP_MS = 250;
/** At the soonest: what goes over all unfinished blocks is made no more often than they are counted for heartbeats. */
export const SUMMARY_MS = 1_000;
/** Of the time: a summary that takes 20 ms is made every 2 s. */
export const SUMMARY_SHARE_MAX = 0.01;
/** The largest frames, of a screen full of blocks, are 30 kB. */
export const SEND_BUFFER_BYTES_MAX = 256 * 1024;
/** A page is told this often that there is nothing new: it takes a silent node for lost. */
export const QUIET_MS = 1_000;
/** A page that has read nothing for this long is gone. */
export const READ_TIMEOUT_MS = 30_000;

/** The way to one page. */
export interface FrameSink {
  /** Handed over and not sent yet. */
  bufferedBytes(): number;
  send(text: string): void;
  /** The page has read nothing for `READ_TIMEOUT_MS`, or the feed ends. */
  close(): void;
}

export interface LiveFeedOptions {
  readonly clock: Clock;
  readonly source: FeedSource;
  /** Of the page that this node serves. */
  readonly build: string;
}

interface Client {
  readonly view: ClientView;
  readonly sink: FrameSink;
  /** When it had last read enough to be sent more. */
  readAtMs: number;
  /** When it was last sent anything. */
  toldAtMs: number;
}

/** What a page may do. */
export interface FeedClient {
  wish(wish: Wish): void;
  leave(): void;
}

export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #clients = new Set<Client>();
  readonly #evidence = new RecentEvidence();
  readonly #samples = new RecentList<Sample>(SAMPLES_MAX);
  #summary: Summary | undefined;
  #summaryDueMs = 0;
  #cancelStep: (() => void) | undefined;
  #cancelSample: (() => void) | undefined;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
  }

  start(): void {
    this.#sample();
  }

  stop(): void {
    this.#cancelSample?.();
    this.#cancelStep?.();
    for (const { sink } of this.#clients) sink.close();
    this.#clients.clear();
  }

  get clients(): number {
    return this.#clients.size;
  }

  noteChange(number: number): void {
    for (const { view } of this.#clients) view.note(number);
  }

  noteEvidence(content: EvidenceContent, atMs: number): void {
    this.#evidence.note(content, atMs);
  }

  /** Sends the first frame at once. Undefined: there are `CLIENTS_MAX` already. */
  open(sink: FrameSink): FeedClient | undefined {
    if (this.#clients.size >= CLIENTS_MAX) return undefined;
    const nowMs = this.#options.clock.monotonicMs();
    const client: Client = { view: new ClientView(), sink, readAtMs: nowMs, toldAtMs: nowMs };
    this.#clients.add(client);
    this.#tell(client, false);
    this.#cancelStep ??= this.#options.clock.schedule(STEP_MS, () => this.#step());
    return {
      wish: (wish) => {
        client.view.wish(wish);
        // A page that scrolls waits for nothing.
        if (this.#clients.has(client) && sink.bufferedBytes() === 0) this.#tell(client, false);
      },
      leave: () => this.#leave(client),
    };
  }

  #leave(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    this.#cancelStep?.();
    this.#cancelStep = undefined;
    this.#summary = undefined;
  }

  #step(): void {
    const { clock } = this.#options;
    this.#cancelStep = clock.schedule(STEP_MS, () => this.#step());
    const nowMs = clock.monotonicMs();
    const isSummaryNew = nowMs >= this.#summaryDueMs;
    if (isSummaryNew) this.#summary = undefined;
    for (const client of this.#clients) {
      if (client.sink.bufferedBytes() <= SEND_BUFFER_BYTES_MAX) {
        client.readAtMs = nowMs;
        this.#tell(client, isSummaryNew);
      } else if (nowMs - client.readAtMs > READ_TIMEOUT_MS) {
        client.sink.close();
        this.#leave(client);
      }
    }
  }

  #tell(client: Client, isSummaryNew: boolean): void {
    const { clock, source, build } = this.#options;
    const sentAtMs = clock.wallMs();
    const frame = client.view.step({
      build,
      source,
      sentAtMs,
      summary: this.#currentSummary(),
      isSummaryNew,
      evidence: this.#evidence,
      samples: this.#samples,
    });
    const nowMs = clock.monotonicMs();
    if (frame === undefined && nowMs - client.toldAtMs < QUIET_MS) return;
    client.toldAtMs = nowMs;
    client.sink.send(JSON.stringify(frame ?? { build, sentAtMs }));
  }

  #currentSummary(): Summary {
    if (this.#summary !== undefined) return this.#summary;
    const { clock, source } = this.#options;
    const startedAtMs = clock.monotonicMs();
    const summary = source.summary();
    const doneAtMs = clock.monotonicMs();
    this.#summaryDueMs = doneAtMs + Math.max(SUMMARY_MS, (doneAtMs - startedAtMs) / SUMMARY_SHARE_MAX);
    this.#summary = summary;
    return summary;
  }

  #sample(): void {
    const { clock, source } = this.#options;
    this.#cancelSample = clock.schedule(SAMPLE_MS, () => this.#sample());
    if (source.isReady()) this.#samples.add({ atMs: clock.wallMs(), ...source.counters() });
  }
}
