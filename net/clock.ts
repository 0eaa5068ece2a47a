/**
 * Time as the node sees it. Production plugs in the machine's clocks; the simulator plugs in virtual ones, with skew,
 * drift and steps, so nothing else in the project may ask the machine for the time or set a timer.
 */

export interface Clock {
  /** Unix time in milliseconds. It may step in either direction. */
  wallMs(): number;
  /** Milliseconds since an arbitrary moment. It never steps back; it may drift. */
  monotonicMs(): number;
  /** Calls `fire` once, after at least `delayMs` on the monotonic clock. The returned function cancels it. */
  schedule(delayMs: number, fire: () => void): () => void;
}

/** Randomness: an integer in 0…`below` − 1, uniformly. The only source of chance a protocol gets. */
export type RandomInteger = (below: number) => number;

/** Resolves after `delayMs`, or rejects with the signal's reason when it is aborted first. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortReason(signal));
      return;
    }
    const onAbort = (): void => {
      cancel();
      if (signal !== undefined) reject(abortReason(signal));
    };
    const cancel = clock.schedule(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Why `signal` was aborted, always as an error. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new DOMException('the operation was aborted', 'AbortError');
}

/** Runs `task` with a signal that is aborted after `timeoutMs`, or with `signal`. */
export async function withDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  // By hand: `AbortSignal.any` keeps weak references for the garbage collector, which cost more than the rest of this.
  const onAbort = (): void => deadline.abort(abortReason(signal));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  const cancel = clock.schedule(timeoutMs, () => {
    deadline.abort(new DOMException(`not done after ${timeoutMs} ms`, 'TimeoutError'));
  });
  try {
    return await task(deadline.signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
    cancel();
  }
}
