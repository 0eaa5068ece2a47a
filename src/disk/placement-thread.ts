/**
 * Places batches of small files on a thread of its own, so that neither their system calls nor a disk that stalls hold up
 * the event loop (docs/decisions/0014).
 *
 * Invariants: batches without sync are placed one after the other, in the order they were given, and wait for no sync of
 * those with one; each batch is answered once, also when the thread dies, and the next one starts a new thread. The thread
 * keeps the process alive only while it owes an answer.
 */

import { Worker } from 'node:worker_threads';
import { invariant } from '../../crdt/invariant.ts';
import { DiskError, type Placement, type PlacementOutcome } from './disk.ts';
import { decodeAnswer, encodeRequest, type PlacementAnswers } from './placement-message.ts';

/** Compiled or not: the compiler changes the endings of imports alone. */
const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? 'placement-worker.ts' : 'placement-worker.js',
  import.meta.url,
);

interface Asked {
  readonly batch: readonly Placement[];
  readonly settle: PromiseWithResolvers<readonly PlacementOutcome[]>;
}

export class PlacementThread {
  readonly #program: URL;
  #worker: Worker | undefined;
  /** By their ids. */
  #asked = new Map<number, Asked>();
  #askedCount = 0;

  /** `program`: what the thread runs. */
  constructor(program = PROGRAM) {
    this.#program = program;
  }

  /** Rejects with `ERR_DISK` when the thread ended before it answered. */
  place(batch: readonly Placement[], { sync }: { readonly sync: boolean }): Promise<readonly PlacementOutcome[]> {
    const worker = (this.#worker ??= this.#start());
    const id = this.#askedCount++;
    const request = encodeRequest(id, batch, sync);
    worker.postMessage(request, [request.contents.buffer]);
    const settle = Promise.withResolvers<readonly PlacementOutcome[]>();
    if (this.#asked.size === 0) worker.ref();
    this.#asked.set(id, { batch, settle });
    return settle.promise;
  }

  /** Ends the thread, if there is one. What it was asked and has not answered fails. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    // None of this process's own: what `node --input-type` or `--eval` says is not for a file.
    const worker = new Worker(this.#program, { execArgv: [] });
    let reason: unknown;
    worker.unref();
    worker.on('message', (answers: PlacementAnswers) => this.#answered(worker, answers));
    worker.on('error', (error: unknown) => (reason = error));
    worker.on('exit', () => this.#ended(worker, reason));
    return worker;
  }

  #answered(worker: Worker, { id, answers }: PlacementAnswers): void {
    const asked = this.#asked.get(id);
    invariant(asked !== undefined, 'the thread answers what it was asked');
    this.#asked.delete(id);
    if (this.#asked.size === 0) worker.unref();
    asked.settle.resolve(answers.map(decodeAnswer));
  }

  #ended(worker: Worker, reason: unknown): void {
    if (this.#worker === worker) this.#worker = undefined;
    const unanswered = this.#asked;
    this.#asked = new Map();
    for (const { batch, settle } of unanswered.values()) {
      const detail = {
        argument: batch[0]?.target ?? 'batch',
        expected: 'the thread that places files to answer',
        found: reason instanceof Error ? `its end: ${reason.message}` : 'its end',
      };
      settle.reject(new DiskError('ERR_DISK', detail, { cause: reason }));
    }
  }
}
