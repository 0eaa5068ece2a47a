/**
 * The browser's clock, chance, sockets and storage: the one place where the page asks for them.
 *
 * Invariant: storage may be forbidden or full; then the page forgets, and works.
 */

import type { Clock, RandomInteger } from '../../../net/clock.ts';

export const browserClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};

export const randomInteger: RandomInteger = (below) => Math.floor(Math.random() * below);

/** A WebSocket to the node that the page came from. */
export function openSocket(path: string): WebSocket {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return new WebSocket(url);
}

export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Null: forgets it. */
export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Forbidden or full: it is asked for again the next time.
  }
}
