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

/** As many random hex digits, for names that nobody else makes. */
export function randomHex(digits: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(Math.ceil(digits / 2)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .slice(0, digits);
}

/** Opens a WebSocket. */
export type OpenSocket = (path: string, protocols?: readonly string[]) => WebSocket;

/** To the node that the page came from. */
export const openSocket: OpenSocket = (path, protocols = []) => {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return new WebSocket(url, [...protocols]);
};

/** For good, or for as long as the tab is open. */
export type Keeping = 'local' | 'session';

export function remembered(name: string, keeping: Keeping = 'local'): string | null {
  try {
    return storageFor(keeping).getItem(name);
  } catch {
    return null;
  }
}

/** Null: forgets it. */
export function remember(name: string, value: string | null, keeping: Keeping = 'local'): void {
  try {
    if (value === null) storageFor(keeping).removeItem(name);
    else storageFor(keeping).setItem(name, value);
  } catch {
    // Forbidden or full: it is asked for again the next time.
  }
}

function storageFor(keeping: Keeping): Storage {
  return keeping === 'local' ? localStorage : sessionStorage;
}
