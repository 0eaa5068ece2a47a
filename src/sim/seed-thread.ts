/**
 * A thread that runs seeds, one after the other: the side of the one who hands them out.
 *
 * Invariant: a seed gives on a thread what it gives here: nothing is shared but the request and the report.
 */

import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SimOptions } from './options.ts';
import type { SeedReport } from './run-seed.ts';

export interface SeedRequest {
  readonly seed: number;
  readonly options: SimOptions;
}

/** Beside this file, in the language that this file is in: a built package holds no TypeScript. */
const ENTRY = new URL(`./seed-thread-entry${extname(import.meta.url)}`, import.meta.url);

export class SeedThread {
  readonly #worker = new Worker(ENTRY);

  /** One at a time. Rejects with what ends the thread. */
  run(request: SeedRequest): Promise<SeedReport> {
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (report: SeedReport) => {
        worker.off('error', reject);
        resolve(report);
      });
      worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
