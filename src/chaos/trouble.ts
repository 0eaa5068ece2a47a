/**
 * The part of a run in which things break: strikes at their times, heals at theirs, and how long the nodes take after each
 * to agree.
 *
 * Invariant: when `run` resolves, all that struck is healed. While agreement is measured no new blocks come, or it would be
 * a race with the workload; the workload's time stands still for as long.
 */

import { pause } from '../../net/clock.ts';
import { isFailure } from '../../crdt/errors.ts';
import { systemClock } from '../node/machine.ts';
import { strike } from './faults/strike.ts';
import type { ChaosWorld, Heal } from './faults/world.ts';
import { untilOneDigest } from './observe/agreement.ts';
import type { Strike } from './scenario/schedule.ts';
import type { Feed } from './workload/feed.ts';

/** Beyond it the run goes on, and the end says what is missing. */
const AGREEMENT_MS_MAX = 120_000;
const LOOK_MS = 20;

export interface TroubleOptions {
  readonly world: Omit<ChaosWorld, 'random'>;
  readonly randomFor: (strikeNumber: number) => ChaosWorld['random'];
  readonly strikes: readonly Strike[];
  readonly durationMs: number;
  readonly feed: Feed;
  /** Since the run began. */
  readonly nowMs: () => number;
}

export interface TroubleOutcome {
  /** With the times at which they really were. */
  readonly strikes: readonly Strike[];
  readonly healsMs: readonly number[];
  /** Heals after which the nodes did not agree in time. */
  readonly notHealed: number;
  /** What could not be broken or healed: a defect of the run, not of the nodes. */
  readonly troubles: readonly string[];
}

interface Active {
  readonly heal: Heal;
  /** When it struck, since the run began. */
  readonly fromMs: number;
  /** In the time of the schedule. */
  readonly healAtMs: number;
}

export class Trouble {
  readonly #options: TroubleOptions;
  readonly #done: Strike[] = [];
  readonly #healsMs: number[] = [];
  readonly #troubles: string[] = [];
  #notHealed = 0;

  constructor(options: TroubleOptions) {
    this.#options = options;
  }

  async run(): Promise<TroubleOutcome> {
    const { strikes, durationMs, world } = this.#options;
    const waiting = [...strikes];
    const active = new Map<Strike, Active>();
    const startedAtMs = systemClock.monotonicMs();
    let heldMs = 0;
    const elapsedMs = (): number => systemClock.monotonicMs() - startedAtMs - heldMs;
    while (!world.signal.aborted && (elapsedMs() < durationMs || waiting.length > 0 || active.size > 0)) {
      const due = waiting.filter(({ fromMs }) => fromMs <= elapsedMs());
      for (const one of due) {
        waiting.splice(waiting.indexOf(one), 1);
        const fromMs = this.#options.nowMs();
        const heal = await this.#strike(one, strikes.indexOf(one));
        // A strike that took its time, as a restart does, lasts no shorter for it.
        const healAtMs = elapsedMs() + one.untilMs - one.fromMs;
        if (heal !== undefined) active.set(one, { heal, fromMs, healAtMs });
      }
      const over = [...active].filter(([, { healAtMs }]) => healAtMs <= elapsedMs());
      for (const [one, { heal, fromMs }] of over) {
        active.delete(one);
        await this.#heal(one, heal, fromMs);
      }
      if (over.length > 0 && active.size === 0) heldMs += await this.#measureAgreement();
      await pause(systemClock, LOOK_MS, world.signal).catch(() => undefined);
    }
    for (const [one, { heal, fromMs }] of active) await this.#heal(one, heal, fromMs);
    return { strikes: this.#done, healsMs: this.#healsMs, notHealed: this.#notHealed, troubles: this.#troubles };
  }

  async #strike({ plan, targets }: Strike, number: number): Promise<Heal | undefined> {
    const { world, randomFor } = this.#options;
    world.note(`${plan.fault}: ${targets.map((index) => world.nodes[index]?.name).join(', ')}`);
    try {
      return await strike({ ...world, random: randomFor(number) }, plan, targets);
    } catch (error) {
      this.#troubles.push(`${plan.fault}: ${messageOf(error)}`);
      return undefined;
    }
  }

  async #heal({ plan, targets }: Strike, heal: Heal, fromMs: number): Promise<void> {
    const untilMs = this.#options.nowMs();
    try {
      await heal();
    } catch (error) {
      this.#troubles.push(`healing ${plan.fault}: ${messageOf(error)}`);
    }
    this.#options.world.note(`healed: ${plan.fault}`);
    this.#done.push({ plan, targets, fromMs, untilMs });
  }

  /** Milliseconds that it took. */
  async #measureAgreement(): Promise<number> {
    const { world, feed } = this.#options;
    feed.hold();
    const startedAtMs = systemClock.monotonicMs();
    const present = world.nodes.filter(({ daemon }) => daemon.isRunning);
    const tookMs = await untilOneDigest(present, AGREEMENT_MS_MAX, world.signal);
    if (tookMs === undefined) this.#notHealed++;
    else this.#healsMs.push(tookMs);
    world.note(
      tookMs === undefined ? 'the nodes do not agree in time' : `the nodes agree after ${Math.round(tookMs)} ms`,
    );
    feed.resume();
    return systemClock.monotonicMs() - startedAtMs;
  }
}

/** A failure that is not expected goes on: it is a defect of ours. */
function messageOf(error: unknown): string {
  if (isFailure(error) || (error instanceof Error && 'code' in error)) return error.message;
  throw error;
}
