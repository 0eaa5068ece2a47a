/** A validator that finds what the test says, after the time it says. */

import { hashOf } from '../crdt/block/arbitraries.ts';
import { pause, type Clock } from '../../net/clock.ts';
import type { BlockKey, Hash32 } from '../../crdt/ids.ts';
import {
  stoppedOutcome,
  type ValidationOutcome,
  type ValidationTask,
  type Validator,
} from '../../src/validators/validator.ts';

export class ScriptedValidator implements Validator {
  readonly name = 'scripted';
  readonly description = 'Finds what the test says.';
  readonly executes = false;
  /** Every task that was begun, in order. */
  readonly tasks: ValidationTask[] = [];
  /** How many were ended by their signal. */
  aborted = 0;
  durationMs = 20;
  decide: (task: ValidationTask) => ValidationOutcome = ({ key }) => ({ kind: 'success', stateRoot: rootOf(key) });
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async validate(task: ValidationTask, signal: AbortSignal): Promise<ValidationOutcome> {
    this.tasks.push(task);
    try {
      await pause(this.#clock, this.durationMs, signal);
    } catch (error) {
      this.aborted++;
      return stoppedOutcome(error instanceof Error ? error : new Error(String(error)));
    }
    return this.decide(task);
  }
}

/** The root that a right validator finds. */
export function rootOf(key: BlockKey): Hash32 {
  return hashOf(500_000 + key.number);
}
