/**
 * A thread that checks signatures, a batch at a time: a check that goes to libuv's pool by itself costs this thread 6 µs
 * and, on a busy machine, up to the 67 µs that it saves.
 *
 * Invariant: every batch is answered once. One whose thread died is checked on this thread: no signature is taken for bad
 * because of it. The thread keeps the process alive only while it owes an answer.
 */

import { Worker } from 'node:worker_threads';
import { invariant } from '../../crdt/invariant.ts';
import type { Verify } from '../../crdt/block/signing.ts';
import { packBatch, verifyBatch, type SignedMessage } from './verify-batch.ts';

/** Compiled or not: the compiler changes the endings of imports alone. */
const PROGRAM = new URL(import.meta.url.endsWith('.ts') ? 'verify-worker.ts' : 'verify-worker.js', import.meta.url);

interface Asked {
  readonly signed: readonly SignedMessage[];
  readonly settle: (valid: Uint8Array) => void;
}

export class VerifyThread {
  readonly #program: URL;
  readonly #verify: Verify;
  #worker: Worker | undefined;
  /** Oldest first. */
  #asked: Asked[] = [];

  /** `verify`: for this thread, when the other one died. `program`: what that one runs. */
  constructor(verify: Verify, program = PROGRAM) {
    this.#verify = verify;
    this.#program = program;
  }

  /** Batches without an answer. */
  get load(): number {
    return this.#asked.length;
  }

  /** 1 for each valid signature, else 0. */
  check(signed: readonly SignedMessage[]): Promise<Uint8Array> {
    const worker = (this.#worker ??= this.#start());
    const batch = packBatch(signed);
    worker.postMessage(batch, [batch.bytes.buffer, batch.lengths.buffer]);
    if (this.#asked.length === 0) worker.ref();
    return new Promise((settle) => void this.#asked.push({ signed, settle }));
  }

  #start(): Worker {
    // None of this process's own: what `node --input-type` or `--eval` says is not for a file.
    const worker = new Worker(this.#program, { execArgv: [] });
    worker.unref();
    worker.on('message', (valid: Uint8Array) => this.#answered(worker, valid));
    // The end follows, and is dealt with there.
    worker.on('error', () => undefined);
    worker.on('exit', () => this.#ended(worker));
    return worker;
  }

  #answered(worker: Worker, valid: Uint8Array): void {
    const asked = this.#asked.shift();
    invariant(asked !== undefined, 'the thread answers what it was asked');
    if (this.#asked.length === 0) worker.unref();
    asked.settle(valid);
  }

  #ended(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined;
    const unanswered = this.#asked;
    this.#asked = [];
    for (const { signed, settle } of unanswered) settle(verifyBatch(packBatch(signed), this.#verify));
  }
}
