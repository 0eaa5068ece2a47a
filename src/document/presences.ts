/**
 * Who looks at the cluster document, over all nodes and browsers: keeps the table current, tells who listens what is new, and says
 * that this node is there.
 *
 * Invariant: what is new is told once, to every listener; to the other nodes only what was said here, since what came from them
 * reaches the others by itself.
 */

import type { Clock } from '../../net/clock.ts';
import { AwarenessTable } from '../../net/document/awareness.ts';
import { AWARENESS_RENEW_MS, AWARENESS_TIMEOUT_MS } from '../../net/document/limits.ts';

/** How often the silent ones are looked for. */
const EXPIRE_MS = AWARENESS_TIMEOUT_MS / 10;

export interface PresenceNews {
  /** Of whom something new is known. */
  readonly clients: readonly number[];
  /** The same as an awareness update of y-protocols. */
  readonly update: Uint8Array;
  /** It was said at this node. */
  readonly isOurs: boolean;
}

export type PresenceListener = (news: PresenceNews) => void;

export interface PresencesOptions {
  readonly clock: Clock;
  /** Of this node, as a writer of the document. */
  readonly client: () => number;
  /** How this node is shown. */
  readonly name: () => string;
}

export class Presences {
  readonly #options: PresencesOptions;
  readonly #table = new AwarenessTable();
  readonly #listeners = new Set<PresenceListener>();
  /** Clients that speak through this node. */
  readonly #ours = new Set<number>();
  #shown: number | undefined;
  #cancelRenewal: (() => void) | undefined;
  #cancelExpiry: (() => void) | undefined;

  constructor(options: PresencesOptions) {
    this.#options = options;
  }

  /** Nodes and browsers that are there now. */
  get count(): number {
    return this.#table.present.length;
  }

  /** This node and its browsers. */
  get ours(): Iterable<number> {
    return this.#ours;
  }

  start(): void {
    this.renew();
    this.#scheduleExpiry();
  }

  /** Says anew that this node is there, also before it is due. */
  renew(): void {
    const { clock, client, name } = this.#options;
    this.#cancelRenewal?.();
    this.#cancelRenewal = clock.schedule(AWARENESS_RENEW_MS, () => this.renew());
    this.#shown ??= client();
    this.#table.set(this.#shown, { name: name(), node: true }, clock.monotonicMs());
    this.#tell([this.#shown], true);
  }

  /** Says that this node leaves. */
  stop(): void {
    this.#cancelRenewal?.();
    this.#cancelExpiry?.();
    if (this.#shown === undefined) return;
    this.#table.set(this.#shown, null, this.#options.clock.monotonicMs());
    this.#tell([this.#shown], true);
  }

  onNews(listener: PresenceListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What a browser of this node says. Returns the clients it spoke for. Throws `DecodeError`. */
  take(update: Uint8Array): readonly number[] {
    return this.#take(update, true);
  }

  /** What another node says. Throws `DecodeError`. */
  takeFromNode(update: Uint8Array): void {
    this.#take(update, false);
  }

  /** These browsers of this node have gone. */
  leave(clients: Iterable<number>): void {
    const left = this.#table.leave(clients, this.#options.clock.monotonicMs());
    this.#tell(left, true);
    for (const client of left) this.#ours.delete(client);
  }

  /** What is known of `clients`, as an awareness update; of all that are there, when absent. */
  encode(clients: Iterable<number> = this.#table.present): Uint8Array {
    return this.#table.encode(clients);
  }

  #take(update: Uint8Array, isOurs: boolean): readonly number[] {
    const news = this.#table.take(update, this.#options.clock.monotonicMs(), this.#shown);
    this.#tell(news, isOurs);
    return news;
  }

  #tell(clients: readonly number[], isOurs: boolean): void {
    if (clients.length === 0) return;
    if (isOurs) for (const client of clients) this.#ours.add(client);
    const news = { clients, update: this.#table.encode(clients), isOurs };
    for (const listener of this.#listeners) listener(news);
  }

  #scheduleExpiry(): void {
    this.#cancelExpiry = this.#options.clock.schedule(EXPIRE_MS, () => {
      const silent = this.#table.expire(this.#options.clock.monotonicMs());
      for (const client of silent) this.#ours.delete(client);
      this.#tell(silent, false);
      this.#scheduleExpiry();
    });
  }
}
