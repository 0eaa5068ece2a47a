/**
 * One direction of one connection: bytes from a socket, held for as long as the link takes, into another.
 *
 * Invariants: bytes come out whole and in order, or the connection is reset; at most `FLOW_BYTES_MAX` are held, then the
 * sender feels it as backpressure; an end or a reset travels like bytes, so a blocked link hides it too.
 */

import type { Socket } from 'node:net';
import type { Clock } from '../../../net/clock.ts';
import type { DirectedLink } from './directed-link.ts';
import { resetSocket } from './reset-socket.ts';

/** Two seconds at 1 MB/s; what a kernel's socket buffers hold. */
export const FLOW_BYTES_MAX = 2 * 1024 * 1024;

type Parcel = { readonly arrivesAtMs: number } & (
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'reset' }
);

export class Flow {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #link: DirectedLink;
  readonly #clock: Clock;
  readonly #parcels: Parcel[] = [];
  readonly #stopListening: () => void;
  #heldBytes = 0;
  #isSinkFull = false;
  #isStopped = false;
  #cancelTimer: (() => void) | undefined;

  constructor(source: Socket, sink: Socket, link: DirectedLink, clock: Clock) {
    this.#source = source;
    this.#sink = sink;
    this.#link = link;
    this.#clock = clock;
    this.#stopListening = link.onChange(() => this.#release());
    source.on('data', (bytes: Buffer) => this.#take(bytes));
    source.on('end', () => this.#takeMark('end'));
    source.on('close', (hadError) => this.#takeMark(hadError ? 'reset' : 'end'));
    sink.on('drain', () => {
      this.#isSinkFull = false;
      this.#release();
    });
    sink.on('close', () => this.stop());
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Drops what is held and delivers nothing more, not even an end. */
  stop(): void {
    this.#isStopped = true;
    this.#stopListening();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#parcels.length = 0;
    this.#heldBytes = 0;
    this.#source.resume();
  }

  #take(bytes: Buffer): void {
    if (this.#isStopped) return;
    this.#parcels.push({ kind: 'bytes', bytes, arrivesAtMs: this.#link.arrivalMs(bytes.length) });
    this.#heldBytes += bytes.length;
    if (this.#heldBytes >= FLOW_BYTES_MAX) this.#source.pause();
    this.#release();
  }

  #takeMark(kind: 'end' | 'reset'): void {
    if (this.#isStopped) return;
    this.#parcels.push({ kind, arrivesAtMs: this.#link.arrivalMs(0) });
    this.#release();
  }

  #release(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (let next = this.#parcels[0]; next !== undefined; next = this.#parcels[0]) {
      if (this.#link.isBlocked || this.#isSinkFull) return;
      const waitMs = next.arrivesAtMs - this.#clock.monotonicMs();
      if (waitMs > 0) {
        this.#cancelTimer = this.#clock.schedule(waitMs, () => this.#release());
        return;
      }
      this.#parcels.shift();
      this.#deliver(next);
    }
  }

  #deliver(parcel: Parcel): void {
    if (parcel.kind === 'reset') {
      resetSocket(this.#sink);
      return;
    }
    if (parcel.kind === 'end') {
      this.#sink.end();
      return;
    }
    this.#heldBytes -= parcel.bytes.length;
    if (this.#heldBytes < FLOW_BYTES_MAX) this.#source.resume();
    if (!this.#sink.writable) return;
    this.#isSinkFull = !this.#sink.write(parcel.bytes);
  }
}
