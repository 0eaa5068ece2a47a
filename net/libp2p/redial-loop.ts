/**
 * Keeps a link to every peer whose address we know, and never gives up on one.
 *
 * Invariants: at most one dial or one timer is pending per peer; between two dials of a peer lies a delay of `redial.ts`;
 * a linked peer is not dialled.
 */

import type { NodeId } from '../../crdt/ids.ts';
import type { Clock, RandomInteger } from '../clock.ts';
import { attemptAfterLoss, nextDialDelayMs } from './redial.ts';

export interface RedialEffects {
  readonly clock: Clock;
  readonly random: RandomInteger;
  /** Tries once. Settles either way; whether a link came of it is heard through `linkUp`. */
  dial(node: NodeId): Promise<void>;
}

interface Target {
  attempt: number;
  /** Monotonic; undefined while there is no link. */
  linkedSinceMs: number | undefined;
  isDialling: boolean;
  cancelTimer: (() => void) | undefined;
}

export class RedialLoop {
  readonly #effects: RedialEffects;
  readonly #targets = new Map<NodeId, Target>();
  #stopped = false;

  constructor(effects: RedialEffects) {
    this.#effects = effects;
  }

  /** Keeps `node` linked from now on, and dials it at once unless it is. Does nothing for a peer that is kept already. */
  keep(node: NodeId, isLinked: boolean): void {
    if (this.#targets.has(node) || this.#stopped) return;
    const target: Target = { attempt: 0, linkedSinceMs: undefined, isDialling: false, cancelTimer: undefined };
    this.#targets.set(node, target);
    if (isLinked) this.linkUp(node);
    else void this.#dial(node, target);
  }

  linkUp(node: NodeId): void {
    const target = this.#targets.get(node);
    if (target === undefined) return;
    target.linkedSinceMs = this.#effects.clock.monotonicMs();
    target.cancelTimer?.();
    target.cancelTimer = undefined;
  }

  linkDown(node: NodeId): void {
    const target = this.#targets.get(node);
    if (target?.linkedSinceMs === undefined) return;
    const lastedMs = this.#effects.clock.monotonicMs() - target.linkedSinceMs;
    target.linkedSinceMs = undefined;
    target.attempt = attemptAfterLoss(target.attempt, lastedMs);
    this.#scheduleDial(node, target);
  }

  stop(): void {
    this.#stopped = true;
    for (const target of this.#targets.values()) target.cancelTimer?.();
    this.#targets.clear();
  }

  #scheduleDial(node: NodeId, target: Target): void {
    if (this.#stopped || target.isDialling || target.cancelTimer !== undefined) return;
    const delayMs = nextDialDelayMs(target.attempt, this.#effects.random);
    target.attempt += 1;
    target.cancelTimer = this.#effects.clock.schedule(delayMs, () => {
      target.cancelTimer = undefined;
      void this.#dial(node, target);
    });
  }

  async #dial(node: NodeId, target: Target): Promise<void> {
    target.isDialling = true;
    try {
      await this.#effects.dial(node);
    } catch {
      // A peer that is down is the normal case here, and the next dial is the answer to every failure.
    }
    target.isDialling = false;
    if (target.linkedSinceMs === undefined) this.#scheduleDial(node, target);
  }
}
