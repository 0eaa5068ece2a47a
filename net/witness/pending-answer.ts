/**
 * An answer that is awaited: where its bytes go while they arrive, and what became of it.
 *
 * Invariant: once `settled` is decided, by whichever way, nothing is written any more: the asker may have lent the room to
 * another by then. What still arrives of a request that was given up is dropped.
 */

import type { WitnessAnswer } from './messages.ts';

/** Gives the place for a body of so many bytes when its first ones have arrived: as many or more, of any content. */
export type AnswerRoom = (bodyBytes: number) => Uint8Array;

const OWN_MEMORY: AnswerRoom = (bodyBytes) => new Uint8Array(bodyBytes);

export class PendingAnswer {
  readonly #room: AnswerRoom;
  readonly #decision = Promise.withResolvers<WitnessAnswer>();
  #isOver = false;
  #body: Uint8Array | undefined;

  constructor(room: AnswerRoom = OWN_MEMORY) {
    this.#room = room;
    // Nobody may be listening any more when the stream fails.
    this.#decision.promise.catch(() => undefined);
  }

  get settled(): Promise<WitnessAnswer> {
    return this.#decision.promise;
  }

  /** A body of `bodyBytes` follows. */
  begin(bodyBytes: number): void {
    if (!this.#isOver) this.#body = this.#room(bodyBytes).subarray(0, bodyBytes);
  }

  write(piece: Uint8Array, at: number): void {
    if (!this.#isOver) this.#body?.set(piece, at);
  }

  /** The answer is there, and its body, if it has one, is written. */
  resolve(status: WitnessAnswer['status']): void {
    this.#isOver = true;
    this.#decision.resolve(status === 'found' ? { status, body: this.#body ?? new Uint8Array() } : { status });
  }

  reject(reason: Error): void {
    this.#isOver = true;
    this.#decision.reject(reason);
  }
}
