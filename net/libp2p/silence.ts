/**
 * Ends connections on which nothing arrives any more: the peer stands still, or the way to it was cut without a word.
 *
 * A node probes its connections every second (`PING_INTERVAL_MS`) and answers probes, so whoever is alive is heard that often,
 * whatever else there is to say. How late an answer comes says little: it waits behind megabytes of witnesses and for a turn of two
 * loaded machines, and to drop what is slow makes it slower. When libp2p judged by answers, five nodes on two cores lost links that were
 * delivering (docs/decisions/0011).
 *
 * Invariant: a connection is ended at the `SILENT_CHECKS_MAX`th check since something last arrived on it, not earlier. It is
 * counted in checks and not by a clock: a machine that stood still itself makes one check when it goes on, and hears what came
 * meanwhile before the next.
 */

import type { MessageStream } from '@libp2p/interface';
import type { Clock } from '../clock.ts';

export const SILENCE_CHECK_MS = 1_000;
/** 3 to 4 s of silence: the first check may come right after the last byte. */
export const SILENT_CHECKS_MAX = 4;

export class SilenceWatch {
  readonly #clock: Clock;
  /** Checks since something last arrived. */
  readonly #silentChecks = new Map<MessageStream, number>();
  #cancelCheck: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Until it closes. To be called by who listens to it already: what arrives goes to those who listen then. */
  watch(connection: MessageStream): void {
    this.#silentChecks.set(connection, 0);
    connection.addEventListener('message', () => {
      if (this.#silentChecks.has(connection)) this.#silentChecks.set(connection, 0);
    });
    connection.addEventListener('close', () => {
      this.#silentChecks.delete(connection);
      if (this.#silentChecks.size > 0) return;
      this.#cancelCheck?.();
      this.#cancelCheck = undefined;
    });
    this.#cancelCheck ??= this.#schedule();
  }

  #schedule(): () => void {
    return this.#clock.schedule(SILENCE_CHECK_MS, () => {
      // First, so that the last connection to close cancels it.
      this.#cancelCheck = this.#schedule();
      this.#check();
    });
  }

  #check(): void {
    for (const [connection, before] of this.#silentChecks) {
      const checks = before + 1;
      this.#silentChecks.set(connection, checks);
      if (checks >= SILENT_CHECKS_MAX) connection.abort(new Error(`${checks} checks since something arrived`));
    }
  }
}
