/** How a process that runs until it is stopped is stopped: once with grace, twice at once. */

import { constants } from 'node:os';
import { onParentGone } from '../demo/stop-with-parent.ts';

/** A process ended by a signal has 128 and its number as exit code (POSIX shells). */
const SIGNAL_EXIT_BASE = 128;

/**
 * Aborted by the first SIGINT or SIGTERM, whose name is the reason's message, or by the end of the demo that started this
 * process; a signal after that ends the process.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(SIGNAL_EXIT_BASE + constants.signals[signal]);
      controller.abort(new Error(signal));
    });
  }
  onParentGone(() => controller.abort(new Error('parent gone')));
  return controller.signal;
}

/** Resolves once `signal` is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
