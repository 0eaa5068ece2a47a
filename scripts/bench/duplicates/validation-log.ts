/**
 * Counts validations that were not needed.
 *
 * Invariant: a validation is a duplicate when, as it begins, another of the same block is at work on a machine that
 * lives, or has ended with a verdict. One that takes over from a dead machine is none. One that is stopped because its lease
 * was lost still counts: work was begun twice.
 */

export interface Validation {
  readonly block: string;
  /** Whether the machine that it runs on still lives the life in which it began. */
  readonly isAlive: () => boolean;
}

interface BlockLog {
  readonly atWork: Set<Validation>;
  duplicates: number;
  isFinished: boolean;
}

export class ValidationLog {
  readonly #blocks = new Map<string, BlockLog>();
  #begun = 0;
  #finishedBlocks = 0;

  begin(validation: Validation): void {
    const log = this.#logOf(validation.block);
    this.#begun++;
    const isWorkedOn = [...log.atWork].some((other) => other.isAlive());
    if (log.isFinished || isWorkedOn) log.duplicates++;
    log.atWork.add(validation);
  }

  end(validation: Validation, hasVerdict: boolean): void {
    const log = this.#logOf(validation.block);
    if (!log.atWork.delete(validation)) return;
    if (!hasVerdict || log.isFinished) return;
    log.isFinished = true;
    this.#finishedBlocks++;
  }

  get begun(): number {
    return this.#begun;
  }

  get finishedBlocks(): number {
    return this.#finishedBlocks;
  }

  get duplicates(): number {
    return this.#blocks.values().reduce((sum, { duplicates }) => sum + duplicates, 0);
  }

  /** Of the block with the most. */
  get duplicatesOfOneMax(): number {
    return this.#blocks.values().reduce((most, { duplicates }) => Math.max(most, duplicates), 0);
  }

  #logOf(block: string): BlockLog {
    let log = this.#blocks.get(block);
    if (log === undefined) {
      log = { atWork: new Set(), duplicates: 0, isFinished: false };
      this.#blocks.set(block, log);
    }
    return log;
  }
}
