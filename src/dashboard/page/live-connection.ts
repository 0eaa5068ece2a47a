/**
 * The page's end of the live feed: hears frames, says what the page shows, and comes back when it lost the node.
 *
 * Invariant: one socket at a time, and no frame is believed before it was checked. What the page wants to see is said again
 * on each new connection, and at most once every `WISH_MS` while it changes.
 */

import { config } from 'zod/mini';
import type { Clock, RandomInteger } from '../../../net/clock.ts';
import type { OpenSocket } from './browser.ts';
import { frameSchema, LIVE_PATH, type Frame, type Wish } from '../frames.ts';
import { isSilent, retryDelayMs } from './model/connection.ts';
import type { Action } from './model/page-state.ts';

/** Zod would make checkers of source text, which the page's security policy forbids. */
config({ jitless: true });

const WISH_MS = 100;
const LOOK_MS = 500;

export interface LiveConnectionOptions {
  readonly clock: Clock;
  readonly random: RandomInteger;
  readonly openSocket: OpenSocket;
  readonly dispatch: (action: Action) => void;
  /** The node serves another page by now. */
  readonly onOtherBuild: (build: string) => void;
  /** Of this page. */
  readonly build: string;
}

export class LiveConnection {
  readonly #options: LiveConnectionOptions;
  #socket: WebSocket | undefined;
  #heardAtMs = 0;
  #failures = 0;
  #wish: Wish | undefined;
  #sentWish: string | undefined;
  #cancelRetry: (() => void) | undefined;
  #isWishDue = false;

  constructor(options: LiveConnectionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#connect();
    this.#look();
  }

  /** Tries again now, whatever it waits for. */
  retryNow(): void {
    if (this.#socket !== undefined) return;
    this.#cancelRetry?.();
    this.#connect();
  }

  /** What the page shows now. */
  want(wish: Wish): void {
    this.#wish = wish;
    if (this.#isWishDue) return;
    this.#isWishDue = true;
    this.#options.clock.schedule(WISH_MS, () => {
      this.#isWishDue = false;
      this.#sendWish();
    });
  }

  #connect(): void {
    const { clock, openSocket, dispatch } = this.#options;
    dispatch({ type: 'connecting' });
    const socket = openSocket(LIVE_PATH);
    this.#socket = socket;
    this.#heardAtMs = clock.monotonicMs();
    this.#sentWish = undefined;
    socket.addEventListener('open', () => {
      if (this.#socket !== socket) return;
      dispatch({ type: 'connected', atMs: clock.monotonicMs() });
      this.#sendWish();
    });
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (this.#socket === socket) this.#hear(data);
    });
    socket.addEventListener('close', () => this.#lose(socket));
  }

  #hear(data: unknown): void {
    const { clock, dispatch, build, onOtherBuild } = this.#options;
    const frame = parseFrame(data);
    if (frame === undefined) return;
    if (frame.build !== build) {
      onOtherBuild(frame.build);
      return;
    }
    this.#heardAtMs = clock.monotonicMs();
    this.#failures = 0;
    dispatch({ type: 'frame', frame, atMs: this.#heardAtMs });
  }

  #lose(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    const { clock, random, dispatch } = this.#options;
    this.#socket = undefined;
    this.#failures++;
    const delayMs = retryDelayMs(this.#failures, random);
    const atMs = clock.monotonicMs();
    dispatch({ type: 'lost', atMs, retryAtMs: atMs + delayMs });
    this.#cancelRetry = clock.schedule(delayMs, () => this.#connect());
  }

  /** A network that is gone closes no socket. */
  #look(): void {
    const { clock, dispatch } = this.#options;
    clock.schedule(LOOK_MS, () => this.#look());
    const nowMs = clock.monotonicMs();
    const socket = this.#socket;
    if (socket !== undefined && isSilent(this.#heardAtMs, nowMs)) {
      this.#lose(socket);
      socket.close();
    }
    dispatch({ type: 'tick', atMs: nowMs });
  }

  #sendWish(): void {
    const socket = this.#socket;
    if (this.#wish === undefined || socket?.readyState !== WebSocket.OPEN) return;
    const text = JSON.stringify(this.#wish);
    if (text === this.#sentWish) return;
    this.#sentWish = text;
    socket.send(text);
  }
}

function parseFrame(data: unknown): Frame | undefined {
  if (typeof data !== 'string') return undefined;
  const parsed = frameSchema.safeParse(JSON.parse(data));
  return parsed.success ? parsed.data : undefined;
}
