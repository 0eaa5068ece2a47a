/**
 * One browser that is connected to the cluster document: what is sent to it, and what is made of what it sends. Knows nothing of
 * sockets.
 *
 * Invariants: a browser that may not write changes nothing, neither text nor presence; one that sends faster than
 * BROWSER_BYTES_PER_SECOND is to be read slower, and loses nothing by it; what it said of presence ends with it.
 */

import { isFailure } from '../../crdt/errors.ts';
import type { Clock } from '../../net/clock.ts';
import { decodeBrowserMessage, encodeBrowserMessage, type BrowserMessage } from '../../net/document/browser.ts';
import { TokenBucket } from '../../net/rate/token-bucket.ts';
import { WindowCounts } from '../../net/rate/window-counts.ts';
import { EDIT_CAPACITY, type ClusterDocument } from './cluster-document.ts';
import type { Presences } from './presences.ts';

/** What a person types is some hundred bytes a second. */
export const BROWSER_BYTES_PER_SECOND = 256 * 1024;
/** How often a browser may ask for everything it lacks, which can be the whole document, in BROWSER_WINDOW_MS. */
export const BROWSER_STEPS_PER_WINDOW_MAX = 8;
export const BROWSER_WINDOW_MS = 10_000;

/** Close codes of RFC 6455, section 7.4. */
const CLOSE_PROTOCOL_ERROR = 1002;
const CLOSE_POLICY = 1008;

/** What is to be done after a frame. */
export type AfterFrame =
  /** Read the next one after `waitMs`, 0 or more. */
  | { readonly type: 'go-on'; readonly waitMs: number }
  | { readonly type: 'close'; readonly code: number; readonly reason: string };

export interface BrowserSessionOptions {
  readonly document: ClusterDocument;
  readonly presences: Presences;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly mayWrite: boolean;
  readonly send: (frame: Uint8Array) => void;
  readonly onEnd: () => void;
}

export class BrowserSession {
  readonly #options: BrowserSessionOptions;
  readonly #bucket: TokenBucket;
  readonly #steps = new WindowCounts<'step-1'>(BROWSER_WINDOW_MS, BROWSER_STEPS_PER_WINDOW_MAX);
  readonly #clients = new Set<number>();
  readonly #stopListening: readonly (() => void)[];
  #mayWrite: boolean;

  /** Begins: says what the browser may do, asks for what it has, and shows who is there. */
  constructor(options: BrowserSessionOptions) {
    this.#options = options;
    this.#mayWrite = options.mayWrite;
    const { document, presences, clock } = options;
    this.#bucket = new TokenBucket(BROWSER_BYTES_PER_SECOND, clock.monotonicMs());
    this.#stopListening = [
      document.onUpdate((update, origin) => {
        if (origin !== this) this.#send({ kind: 'update', update });
      }),
      presences.onNews(({ update }) => this.#send({ kind: 'awareness', update })),
    ];
    this.#send({ kind: 'may-write', mayWrite: this.#mayWrite });
    if (this.#mayWrite) this.#ask();
    this.#send({ kind: 'awareness', update: presences.encode() });
  }

  /** Never throws. */
  receive(frame: Uint8Array): AfterFrame {
    const waitMs = this.#bucket.take(frame.length, this.#options.clock.monotonicMs());
    try {
      const message = decodeBrowserMessage(frame);
      const failure = message && this.#take(message);
      if (failure !== undefined) return { type: 'close', ...failure };
    } catch (error) {
      if (!isFailure(error)) throw error;
      return { type: 'close', code: CLOSE_PROTOCOL_ERROR, reason: 'not a message of this protocol' };
    }
    return { type: 'go-on', waitMs };
  }

  /** The browser has gone. */
  end(): void {
    for (const stop of this.#stopListening) stop();
    this.#options.presences.leave(this.#clients);
    this.#options.onEnd();
  }

  #take(message: BrowserMessage): { readonly code: number; readonly reason: string } | undefined {
    switch (message.kind) {
      case 'step-1': {
        if (!this.#steps.take('step-1', this.#options.clock.monotonicMs())) {
          return { code: CLOSE_POLICY, reason: 'asked for the document too often' };
        }
        const update = this.#options.document.updateFor(message.stateVector);
        if (update === undefined) return { code: CLOSE_PROTOCOL_ERROR, reason: 'not a state vector' };
        this.#send({ kind: 'step-2', update });
        return undefined;
      }
      case 'step-2':
      case 'update':
        return this.#mayWrite ? this.#takeUpdate(message.update) : undefined;
      case 'awareness':
        if (!this.#mayWrite) return undefined;
        for (const client of this.#options.presences.take(message.update)) this.#clients.add(client);
        return undefined;
      case 'may-write':
        return undefined;
    }
  }

  #takeUpdate(update: Uint8Array): { readonly code: number; readonly reason: string } | undefined {
    switch (this.#options.document.take(update, this, EDIT_CAPACITY)) {
      case 'malformed':
        return { code: CLOSE_PROTOCOL_ERROR, reason: 'not an update' };
      case 'full':
        // Its own copy has now what no other will have: it may look on, and starts anew when it connects again.
        this.#mayWrite = false;
        this.#send({ kind: 'may-write', mayWrite: false });
        return undefined;
      case 'incomplete':
        this.#ask();
        return undefined;
      case 'applied':
        return undefined;
    }
  }

  #ask(): void {
    this.#send({ kind: 'step-1', stateVector: this.#options.document.stateVector() });
  }

  #send(message: BrowserMessage): void {
    this.#options.send(encodeBrowserMessage(message));
  }
}
