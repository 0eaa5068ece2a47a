/**
 * A thread of its own that is asked, so that neither system calls nor a disk that stalls hold up the event loop
 * (docs/decisions/0014).
 *
 * Invariants: each question is answered once, also when the thread dies, and the next one starts a new thread. The thread
 * keeps the process alive only while it owes an answer.
 */

import { parentPort, Worker, type Transferable } from 'node:worker_threads';
import { invariant } from '../../crdt/invariant.ts';
import { DiskError } from './disk.ts';

interface Numbered<T> {
  readonly id: number;
  readonly content: T;
}

interface Asked<Answer> {
  /** The file that its failure names. */
  readonly path: string;
  readonly settle: PromiseWithResolvers<Answer>;
}

export class DiskThread<Question, Answer> {
  readonly #program: URL;
  #worker: Worker | undefined;
  #asked = new Map<number, Asked<Answer>>();
  #askedCount = 0;

  /** `program`: what the thread runs, a {@link ThreadProgram} of the same types. */
  constructor(program: URL) {
    this.#program = program;
  }

  /** `path` is what a failure names. Rejects with `ERR_DISK` when the thread ended before it answered. */
  ask(content: Question, transfer: readonly Transferable[], path: string): Promise<Answer> {
    const worker = (this.#worker ??= this.#start());
    const question: Numbered<Question> = { id: this.#askedCount++, content };
    worker.postMessage(question, transfer);
    const settle = Promise.withResolvers<Answer>();
    if (this.#asked.size === 0) worker.ref();
    this.#asked.set(question.id, { path, settle });
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
    worker.on('message', (answer: Numbered<Answer>) => this.#answered(worker, answer));
    worker.on('error', (error: unknown) => (reason = error));
    worker.on('exit', () => this.#ended(worker, reason));
    return worker;
  }

  #answered(worker: Worker, { id, content }: Numbered<Answer>): void {
    const asked = this.#asked.get(id);
    invariant(asked !== undefined, 'the thread answers what it was asked');
    this.#asked.delete(id);
    if (this.#asked.size === 0) worker.unref();
    asked.settle.resolve(content);
  }

  #ended(worker: Worker, reason: unknown): void {
    if (this.#worker === worker) this.#worker = undefined;
    const unanswered = this.#asked;
    this.#asked = new Map();
    for (const { path, settle } of unanswered.values()) {
      const detail = {
        argument: path,
        expected: 'the thread at the disk to answer',
        found: reason instanceof Error ? `its end: ${reason.message}` : 'its end',
      };
      settle.reject(new DiskError('ERR_DISK', detail, { cause: reason }));
    }
  }
}

/** The file of a thread's program called `name`, compiled or not: the compiler changes the endings of imports alone. */
export function programOf(name: string): URL {
  return new URL(import.meta.url.endsWith('.ts') ? `${name}.ts` : `${name}.js`, import.meta.url);
}

/** What is answered, and the memory that changes hands with it. */
export type ThreadReply<Answer> = readonly [answer: Answer, ...transfer: Transferable[]];

/** The program of a thread: what {@link DiskThread} of the same types asks. */
export class ThreadProgram<Question, Answer> {
  readonly #answer: (question: Question) => ThreadReply<Answer> | Promise<ThreadReply<Answer>>;

  constructor(answer: (question: Question) => ThreadReply<Answer> | Promise<ThreadReply<Answer>>) {
    this.#answer = answer;
  }

  /** Answers from now on. Questions whose answers are promised are answered as they are kept. */
  run(): void {
    parentPort?.on('message', ({ id, content }: Numbered<Question>) => {
      const reply = ([answer, ...transfer]: ThreadReply<Answer>): void => {
        const numbered: Numbered<Answer> = { id, content: answer };
        parentPort?.postMessage(numbered, transfer);
      };
      const answered = this.#answer(content);
      if (answered instanceof Promise) void answered.then(reply);
      else reply(answered);
    });
  }
}
