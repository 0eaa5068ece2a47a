/**
 * Whether a node that has just joined knows enough to claim: what it read from its disk is as old as its last end, and
 * what it takes for free may be finished, or held, by now.
 *
 * Invariant: it waits for its peers no longer than `HEARING_MS_MAX`, and for the first one to be connected no longer than
 * `ALONE_MS_MAX`; once over it stays over, as a partition must stop nobody.
 */

import type { Clock } from '../../net/clock.ts';
import type { Agreement } from '../reconcile/agreement.ts';

/** A node that nobody is connected to by then is alone: a dial and two handshakes across the world take half of it. */
export const ALONE_MS_MAX = 1_000;
/** Peers that are connected have this long to say what they know: sessions begin within two seconds of a heartbeat. */
export const HEARING_MS_MAX = 5_000;

export interface HearingSituation {
  readonly joinedForMs: number;
  /** What the latest heartbeat of each connected peer says of its records and ours; undefined before there is one. */
  readonly agreements: readonly (Agreement | undefined)[];
  /** Whether a session with any peer has ended well since the start. */
  readonly hasReconciled: boolean;
}

export type HearingDecision =
  | { readonly isOver: true; readonly reason: 'alone' | 'agrees' | 'reconciled' | 'time-is-up' }
  | { readonly isOver: false; readonly lookInMs: number };

/** `lookInMs`: decide again then, or when something was heard. Every peer has to be heard, since all of them are ranked. */
export function decideHearing({ joinedForMs, agreements, hasReconciled }: HearingSituation): HearingDecision {
  if (joinedForMs >= HEARING_MS_MAX) return { isOver: true, reason: 'time-is-up' };
  if (agreements.length === 0) {
    if (joinedForMs >= ALONE_MS_MAX) return { isOver: true, reason: 'alone' };
    return { isOver: false, lookInMs: ALONE_MS_MAX - joinedForMs };
  }
  if (!agreements.includes(undefined)) {
    if (agreements.includes('agree')) return { isOver: true, reason: 'agrees' };
    if (hasReconciled) return { isOver: true, reason: 'reconciled' };
  }
  return { isOver: false, lookInMs: HEARING_MS_MAX - joinedForMs };
}

export interface FirstHearingOptions {
  readonly clock: Clock;
  readonly agreements: () => readonly (Agreement | undefined)[];
  /** Called once, unless it was over when it began. */
  readonly onOver: () => void;
}

export class FirstHearing {
  readonly #options: FirstHearingOptions;
  #joinedAtMs: number | undefined;
  #hasReconciled = false;
  #isOver = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: FirstHearingOptions) {
    this.#options = options;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The node has joined the network. */
  start(): void {
    this.#joinedAtMs = this.#options.clock.monotonicMs();
    this.look();
  }

  noteReconciled(): void {
    this.#hasReconciled = true;
    this.look();
  }

  /** A heartbeat came. */
  look(): void {
    if (this.#isOver || this.#joinedAtMs === undefined) return;
    const { clock, agreements, onOver } = this.#options;
    const decision = decideHearing({
      joinedForMs: clock.monotonicMs() - this.#joinedAtMs,
      agreements: agreements(),
      hasReconciled: this.#hasReconciled,
    });
    this.#cancelTimer?.();
    if (decision.isOver) {
      this.#isOver = true;
      onOver();
    } else {
      this.#cancelTimer = clock.schedule(decision.lookInMs, () => this.look());
    }
  }

  stop(): void {
    this.#cancelTimer?.();
  }
}
