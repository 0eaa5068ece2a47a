/**
 * Gathers signature checks that are asked for at once into batches, and spreads them over threads.
 *
 * Invariant: a check is begun in the turn of the event loop in which it was asked for. What is asked for together is checked
 * together: fewer than `BATCH_CHECKS_MIN` go to libuv's pool one by one.
 */

import type { SignatureVerifier } from './verifier.ts';
import type { SignedMessage } from './verify-batch.ts';
import { VerifyThread } from './verify-thread.ts';

/** Fewer are not worth a thread's start, nor its wake-up. */
export const BATCH_CHECKS_MIN = 16;
/** 4 ms of work: what is asked for at once keeps several threads busy. */
export const BATCH_CHECKS_MAX = 64;

interface Waiting extends SignedMessage {
  readonly settle: (valid: boolean) => void;
  readonly fail: (error: unknown) => void;
}

export class VerifyPool {
  readonly #verifier: SignatureVerifier;
  readonly #threads: readonly VerifyThread[];
  #waiting: Waiting[] = [];

  constructor(verifier: SignatureVerifier, threadCount: number) {
    this.#verifier = verifier;
    const verify = verifier.verify.bind(verifier);
    this.#threads = Array.from({ length: threadCount }, () => new VerifyThread(verify));
  }

  verify(signed: SignedMessage): Promise<boolean> {
    return new Promise((settle, fail) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#begin());
      this.#waiting.push({ ...signed, settle, fail });
    });
  }

  #begin(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (waiting.length < BATCH_CHECKS_MIN) {
      for (const { node, message, signature, settle, fail } of waiting) {
        this.#verifier.verifyLater(node, message, signature).then(settle, fail);
      }
      return;
    }
    const size = Math.min(BATCH_CHECKS_MAX, Math.ceil(waiting.length / this.#threads.length));
    for (let at = 0; at < waiting.length; at += size) this.#checkOnThread(waiting.slice(at, at + size));
  }

  #checkOnThread(batch: readonly Waiting[]): void {
    const thread = this.#threads.reduce((least, other) => (other.load < least.load ? other : least));
    thread.check(batch).then(
      (valid) => {
        for (const [at, { settle }] of batch.entries()) settle(valid[at] === 1);
      },
      (error: unknown) => {
        for (const { fail } of batch) fail(error);
      },
    );
  }
}
