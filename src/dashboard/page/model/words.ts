/** How things are named on the page: peers and hashes by what tells them apart, numbers so that they can be compared. */

import { duration } from '../../../duration.ts';
import type { CellStatus } from '../../cell.ts';

const PEER_ID_CHARACTERS = 6;
const HASH_CHARACTERS = 8;

/** The end of a peer id tells nodes apart; all begin alike. */
export function shortPeer(peerId: string): string {
  return `…${peerId.slice(-PEER_ID_CHARACTERS)}`;
}

/** `0x12345678…`. */
export function shortHash(hash: string): string {
  return `${hash.slice(0, 2 + HASH_CHARACTERS)}…`;
}

/** Peer ids and hashes within a text, each made short. */
export function shortenIds(text: string): string {
  return text.replaceAll(/12D3KooW\w{30,}/g, shortPeer).replaceAll(/0x[0-9a-f]{64}/g, shortHash);
}

const INTEGERS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1,024`. */
export function integer(value: number): string {
  return INTEGERS.format(value);
}

/** A rate with as many digits as it is good for. */
export function rateText(value: number | null): string {
  if (value === null) return '–';
  return value < 10 ? value.toFixed(1) : INTEGERS.format(value);
}

export function milliseconds(value: number | null): string {
  if (value === null) return '–';
  return value < 10 ? `${value.toFixed(1)} ms` : `${INTEGERS.format(value)} ms`;
}

function figure(ms: number): string {
  return ms.toFixed(ms < 10 ? 1 : 0);
}

/** `+0.3 ± 1.2 ms`, with a true minus sign, which is as wide as the plus. */
export function offsetText(offsetMs: number | null, boundMs: number | null): string {
  if (offsetMs === null || boundMs === null) return 'not measured';
  const sign = offsetMs < 0 ? '−' : '+';
  return `${sign}${figure(Math.abs(offsetMs))} ± ${figure(boundMs)} ms`;
}

/** Without tenths of seconds, for what is looked at and not measured. */
export function wholeDuration(ms: number): string {
  return duration(ms).replace(/\.\d s$/, ' s');
}

export const STATUS_WORDS: Readonly<Record<CellStatus, string>> = {
  unknown: 'nothing known',
  idle: 'idle',
  processing: 'processing',
  failed: 'failed',
  success: 'success',
};

export const MODE_WORDS: Readonly<Record<string, string>> = {
  normal: 'Normal',
  degraded: 'Degraded',
  'catch-up': 'Catching up',
  strong: 'Strong',
};

/** `12:04:31`, by the clock of whoever looks. */
export function timeOfDay(atMs: number): string {
  return new Date(atMs).toLocaleTimeString('en-GB');
}
