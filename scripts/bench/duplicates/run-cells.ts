/**
 * Runs cells on all cores.
 *
 * Invariant: the answers stand in the order of the requests, whichever is done first.
 */

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Cell, CellRequest } from './cell.ts';

export async function runCells(requests: readonly CellRequest[], onCell: (done: number) => void): Promise<Cell[]> {
  const cells: Cell[] = [];
  const left = requests.entries();
  let done = 0;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('cell-worker.ts', import.meta.url));
    try {
      for (const [at, request] of left) {
        worker.postMessage(request);
        cells[at] = await answerOf(worker);
        onCell(++done);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), requests.length) }, work));
  return cells;
}

function answerOf(worker: Worker): Promise<Cell> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (cell: Cell) => {
      worker.off('error', reject);
      resolve(cell);
    });
  });
}
