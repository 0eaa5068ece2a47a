/**
 * What a validator of a simulated machine finds: mostly the right root, sometimes an error, and now and then what a
 * validator with a defect finds, which is how disputes come about.
 *
 * Invariant: what it finds depends on the seed, the machine and the block, and on how often the block was tried.
 */

import { errorOf } from '../../crdt/errors.ts';
import { blockId, type BlockKey } from '../../crdt/ids.ts';
import type { RandomInteger } from '../../net/clock.ts';
import { pause, type Clock } from '../../net/clock.ts';
import {
  stoppedOutcome,
  type ValidationOutcome,
  type ValidationTask,
  type Validator,
} from '../validators/validator.ts';
import { rootOf, wrongRootOf, type SimBlock } from './sim-block.ts';

/** Of a thousand validations, how many find no verdict, and how many a wrong root. */
export interface Chances {
  readonly errorPermille: number;
  readonly wrongRootPermille: number;
}

/** What validators of all machines find; shared by the runner of a node and the foreign programs beside it. */
export class Findings {
  readonly #random: RandomInteger;
  readonly #chances: Chances;
  readonly #blocks: ReadonlyMap<string, SimBlock>;
  readonly #failuresLeft = new Map<string, number>();

  constructor(blocks: readonly SimBlock[], chances: Chances, random: RandomInteger) {
    this.#random = random;
    this.#chances = chances;
    this.#blocks = new Map(blocks.map((block) => [blockId(block.key), block]));
    for (const block of blocks) this.#failuresLeft.set(blockId(block.key), block.failures);
  }

  validationMs(key: BlockKey): number {
    return this.#blocks.get(blockId(key))?.validationMs ?? 0;
  }

  find(machine: string, key: BlockKey): ValidationOutcome {
    const id = blockId(key);
    const failuresLeft = this.#failuresLeft.get(id) ?? 0;
    if (failuresLeft > 0) {
      this.#failuresLeft.set(id, failuresLeft - 1);
      return { kind: 'failed', stateRoot: undefined, reason: 'drawn to fail' };
    }
    const { errorPermille, wrongRootPermille } = this.#chances;
    const chance = this.#random(1_000);
    if (chance < errorPermille) return { kind: 'error', reason: 'drawn to end without a verdict' };
    const isWrong = chance < errorPermille + wrongRootPermille;
    return { kind: 'success', stateRoot: isWrong ? wrongRootOf(key, machine) : rootOf(key) };
  }
}

export class SimValidator implements Validator {
  readonly name = 'simulated';
  readonly description = 'Finds what the seed says.';
  readonly executes = false;
  readonly #machine: string;
  readonly #clock: Clock;
  readonly #findings: Findings;

  constructor(machine: string, clock: Clock, findings: Findings) {
    this.#machine = machine;
    this.#clock = clock;
    this.#findings = findings;
  }

  async validate({ key }: ValidationTask, signal: AbortSignal): Promise<ValidationOutcome> {
    try {
      await pause(this.#clock, this.#findings.validationMs(key), signal);
    } catch (error) {
      return stoppedOutcome(errorOf(error));
    }
    return this.#findings.find(this.#machine, key);
  }
}
