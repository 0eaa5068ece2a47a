/**
 * Two ends of a stream inside one process: each direction is a lane with a delay and a limit.
 *
 * Invariants: a lane delivers in the order of writing, whatever the delays drawn; it holds at most `LANE_BYTES_MAX` bytes
 * and one piece, on the way and unread together; everything happens through the given `schedule`.
 */

import { STREAM_PIECE_BYTES, untilLost } from '../stream/pump.ts';
import { WiredStream } from '../stream/wired-stream.ts';
import { streamFailed } from '../transport-error.ts';

/** A writer waits while this much is on the way or unread. */
export const LANE_BYTES_MAX = 4 * STREAM_PIECE_BYTES;

/** Calls `deliver` after the link's delay of that moment. */
export type ScheduleDelivery = (deliver: () => void) => void;

export interface StreamPair {
  /** The end of the one who opened it. */
  readonly near: WiredStream;
  readonly far: WiredStream;
  /** Fails both ends at once: the link is gone. */
  cut(): void;
}

/** `forth` delivers what the near end writes, `back` what the far end does; `onOver` is called once, when both are over. */
export function streamPair(
  protocol: string,
  schedule: { readonly forth: ScheduleDelivery; readonly back: ScheduleDelivery },
  onOver: () => void,
): StreamPair {
  let endsLeft = 2;
  const endOver = (): void => {
    endsLeft -= 1;
    if (endsLeft === 0) onOver();
  };
  const forth = new Lane(schedule.forth);
  const back = new Lane(schedule.back);
  const near = endOf(protocol, forth, back, endOver);
  const far = endOf(protocol, back, forth, endOver);
  forth.reader = far;
  back.reader = near;
  const cut = (): void => {
    near.fail(streamFailed(protocol, 'a link that was cut'));
    far.fail(streamFailed(protocol, 'a link that was cut'));
  };
  return { near, far, cut };
}

function endOf(protocol: string, out: Lane, incoming: Lane, over: () => void): WiredStream {
  return new WiredStream({
    write: (piece, lost) => out.write(piece, lost),
    finish: () => Promise.resolve(out.send((reader) => reader.receiveEnd())),
    reset: () => out.send((reader) => reader.fail(streamFailed(protocol, 'a reset by the other side'))),
    wantMore: () => incoming.makeRoom(),
    over,
  });
}

class Lane {
  reader: WiredStream | undefined;
  readonly #schedule: ScheduleDelivery;
  readonly #onTheWay: ((reader: WiredStream) => void)[] = [];
  #bytesOnTheWay = 0;
  #room = Promise.withResolvers<void>();

  constructor(schedule: ScheduleDelivery) {
    this.#schedule = schedule;
  }

  async write(piece: Uint8Array, lost: AbortSignal): Promise<void> {
    // A copy: over a real network the reader never shares memory with the writer, who may reuse its buffer.
    const copy = piece.slice();
    this.#bytesOnTheWay += copy.length;
    this.send((reader) => {
      this.#bytesOnTheWay -= copy.length;
      reader.receive(copy);
      // It may have gone straight to a waiting reader, or nowhere when the reader's end is over.
      this.makeRoom();
    });
    while (this.#isFull()) await untilLost(this.#room.promise, lost);
  }

  /** Each timer delivers what is first in line, so delays of different length do not reorder. */
  send(item: (reader: WiredStream) => void): void {
    this.#onTheWay.push(item);
    this.#schedule(() => {
      const next = this.#onTheWay.shift();
      if (this.reader !== undefined) next?.(this.reader);
    });
  }

  makeRoom(): void {
    if (this.#isFull()) return;
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }

  #isFull(): boolean {
    return this.#bytesOnTheWay + (this.reader?.unreadBytes ?? 0) >= LANE_BYTES_MAX;
  }
}
