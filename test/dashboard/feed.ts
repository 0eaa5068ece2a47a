/** A node that the live feed reads, with whatever blocks a test gives it, and a page that keeps what it is told. */

import assert from 'node:assert/strict';
import { cellCode, type Cell } from '../../src/dashboard/cell.ts';
import type { FeedSource } from '../../src/dashboard/feed-source.ts';
import { frameSchema, type Frame, type Overview, type Summary } from '../../src/dashboard/frames.ts';
import type { FrameSink } from '../../src/dashboard/live-feed.ts';
import type { VirtualClock } from '../net/transport/virtual-clock.ts';

/** Lets `ms` go by, and fires the timers that are due. */
export function pass(clock: VirtualClock, ms: number): void {
  const endMs = clock.monotonicMs() + ms;
  while (clock.nextInMs !== undefined && clock.monotonicMs() + clock.nextInMs <= endMs) clock.step();
  clock.advance(Math.max(0, endMs - clock.monotonicMs()));
}

export class TestSource implements FeedSource {
  readonly cells = new Map<number, Cell>();
  ready = true;
  /** While a summary is made. */
  onSummary: () => void = () => undefined;
  /** How often each was asked for. */
  summaries = 0;
  cellsRead = 0;
  heights = 0;

  set(number: number, status: Cell['status'], more: Partial<Cell> = {}): void {
    this.cells.set(number, { status, isDisputed: false, hasRivals: false, ...more });
  }

  code(number: number): number {
    const cell = this.cells.get(number);
    return cell === undefined ? 0 : cellCode(cell);
  }

  isReady(): boolean {
    return this.ready;
  }

  summary(): Summary {
    this.summaries++;
    this.onSummary();
    return { ...EMPTY_SUMMARY, overview: this.#overview() };
  }

  cell(number: number): number {
    this.cellsRead++;
    return this.code(number);
  }

  height(number: number): ReturnType<FeedSource['height']> {
    this.heights++;
    return { number, blocks: [] };
  }

  counters(): ReturnType<FeedSource['counters']> {
    return {
      finished: this.cells.size,
      claims: 0,
      results: 0,
      duplicates: 0,
      linked: 0,
      agreeing: 0,
      convergenceMs: null,
    };
  }

  #overview(): Overview | null {
    if (this.cells.size === 0) return null;
    const numbers = [...this.cells.keys()];
    const [lowest, highest] = [Math.min(...numbers), Math.max(...numbers)];
    return { lowest, highest, width: highest - lowest + 1, pieces: [] };
  }
}

/** What a page knows after the frames it was sent. */
export class TestPage implements FrameSink {
  readonly frames: Frame[] = [];
  readonly codes = new Map<number, number>();
  buffered = 0;
  isClosed = false;

  bufferedBytes(): number {
    return this.buffered;
  }

  send(text: string): void {
    this.hear(frameSchema.parse(JSON.parse(text)));
  }

  close(): void {
    this.isClosed = true;
  }

  hear(frame: Frame): void {
    this.frames.push(frame);
    const { window, cells = [] } = frame;
    if (window !== undefined) {
      this.codes.clear();
      for (const [at, code] of Buffer.from(window.codes, 'base64').entries()) this.codes.set(window.from + at, code);
    }
    for (let at = 0; at < cells.length; at += 2) this.codes.set(cells[at] ?? -1, cells[at + 1] ?? -1);
  }

  get last(): Frame {
    const frame = this.frames.at(-1);
    assert.ok(frame !== undefined, 'it was sent a frame');
    return frame;
  }
}

export const EMPTY_SUMMARY: Summary = {
  peerId: '12D3KooWself',
  cluster: 'test',
  version: '0.1.0',
  region: 'eu',
  mode: 'normal',
  modeHeldMs: 0,
  modeTrigger: 'caught-up',
  claimHold: null,
  uptimeMs: 0,
  datadir: '/data',
  addresses: [],
  validator: { name: 'none', executes: false, inFlight: 0, ready: 0 },
  clock: { standing: 'within', offsetMs: 0, boundMs: 1, skewBoundMs: 500 },
  digest: '00',
  blocks: { total: 0, idle: 0, processing: 0, failed: 0, success: 0, disputed: 0, duplicates: 0, results: 0 },
  witnesses: { held: 0, fetching: 0, outOfReach: 0 },
  files: { pending: 0, lastError: null },
  finalBlock: null,
  loading: null,
  catchUp: null,
  convergenceMs: null,
  concerns: [],
  peers: [],
  peersTotal: 0,
  leases: [],
  leasesTotal: 0,
  disputes: [],
  overview: null,
};
