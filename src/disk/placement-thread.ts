/**
 * Places batches of small files on a thread of its own (docs/decisions/0014).
 *
 * Invariant: batches without sync are placed one after the other, in the order they were given, and wait for no sync of
 * those with one.
 */

import type { Placement, PlacementOutcome } from './disk.ts';
import { DiskThread, programOf } from './disk-thread.ts';
import { decodeAnswer, encodeRequest, type PlacementAnswer, type PlacementRequest } from './placement-message.ts';

export class PlacementThread {
  readonly #thread: DiskThread<PlacementRequest, readonly PlacementAnswer[]>;

  /** `program`: what the thread runs. */
  constructor(program = programOf('placement-worker')) {
    this.#thread = new DiskThread(program);
  }

  /** Rejects with `ERR_DISK` when the thread ended before it answered. */
  async place(batch: readonly Placement[], { sync }: { readonly sync: boolean }): Promise<readonly PlacementOutcome[]> {
    const request = encodeRequest(batch, sync);
    const answers = await this.#thread.ask(request, [request.contents.buffer], batch[0]?.target ?? 'batch');
    return answers.map(decodeAnswer);
  }

  /** Ends the thread, if there is one. What it was asked and has not answered fails. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}
