/**
 * The reference's rule under the same conditions: validators on one shared directory, locks by wall clock.
 *
 * Model: the directory is served in region 0; what a machine reads or writes there takes the way there and back, and takes
 * effect in the middle. A validator looks once a second. One look reads every file at once, without caches that could be
 * stale, which is more than a real shared filesystem gives. A block whose `.v` is missing, `Idle`, `Failed` or `Processing`
 * with a lock time in the past is free: `Processing` and a lock time are written, it is validated, the verdict is written.
 *
 * Invariant: nothing lies between the look and the write that would keep others out; that is the rule.
 */

import { pause, type RandomInteger } from '../../../net/clock.ts';
import { MachineClock } from '../../../src/sim/machine-clock.ts';
import { forkRandom } from '../../../src/sim/seeded-random.ts';
import { VirtualClock } from '../../../src/sim/virtual-clock.ts';
import {
  BLOCK_PERIOD_MS,
  BLOCKS,
  END_MS,
  isCutOff,
  LOCK_TIME_MS,
  MACHINES,
  NEAR_DELAY_MS,
  REGION_DELAY_MS,
  regionOf,
  SEED,
  VALIDATION_MS,
  VALIDATIONS_MAX,
  wallOffsetMs,
  WARM_UP_MS,
  type Conditions,
} from './conditions.ts';
import { ValidationLog } from './validation-log.ts';

const LOOK_MS = 1_000;
/** What a lost packet costs a file operation: the least retransmission timeout of TCP on Linux. */
const RETRANSMISSION_MS = 200;

interface File {
  readonly status: 'Processing' | 'Success';
  readonly lockTimeSeconds: number;
}

export async function runReference(conditions: Conditions): Promise<ValidationLog> {
  const time = new VirtualClock();
  const log = new ValidationLog();
  const directory = new Map<number, File | undefined>();
  for (let block = 0; block < BLOCKS; block++) {
    time.schedule(WARM_UP_MS + block * BLOCK_PERIOD_MS, () => directory.set(block, undefined));
  }
  const validators = Array.from(
    { length: MACHINES },
    (_, machine) => new ReferenceValidator(machine, conditions, { time, directory, log }),
  );
  for (const validator of validators) validator.start();
  for (const { machine, atMs, downMs } of conditions.crashes) {
    time.schedule(atMs, () => {
      validators[machine]?.crash();
      time.schedule(downMs, () => validators[machine]?.start());
    });
  }
  await time.advanceUntil(() => log.finishedBlocks === BLOCKS, END_MS);
  await time.advance(10_000);
  return log;
}

interface Shared {
  readonly time: VirtualClock;
  readonly directory: Map<number, File | undefined>;
  readonly log: ValidationLog;
}

class ReferenceValidator {
  readonly #machine: number;
  readonly #conditions: Conditions;
  readonly #shared: Shared;
  readonly #random: RandomInteger;
  #clock: MachineClock;
  #life = 0;
  #atWork = 0;

  constructor(machine: number, conditions: Conditions, shared: Shared) {
    this.#machine = machine;
    this.#conditions = conditions;
    this.#shared = shared;
    this.#random = forkRandom(SEED, `reference ${machine}`);
    this.#clock = this.#bootClock();
  }

  start(): void {
    this.#life++;
    this.#atWork = 0;
    this.#clock = this.#bootClock();
    void this.#looks(this.#clock);
  }

  /** What it had begun never ends; its locks stay. */
  crash(): void {
    this.#life++;
    this.#clock.halt();
  }

  #bootClock(): MachineClock {
    return new MachineClock(this.#shared.time, { wallOffsetMs: wallOffsetMs(this.#machine, this.#conditions) });
  }

  async #looks(clock: MachineClock): Promise<void> {
    // Machines do not look in step.
    await pause(clock, this.#random(LOOK_MS));
    for (;;) {
      await this.#lookOnce(clock);
      await pause(clock, LOOK_MS);
    }
  }

  async #lookOnce(clock: MachineClock): Promise<void> {
    const { directory } = this.#shared;
    const seen = await this.#access(clock, () => [...directory].filter(([, file]) => file?.status !== 'Success'));
    const nowSeconds = Math.floor(clock.wallMs() / 1_000);
    for (const [block, file] of seen) {
      const isFree = file === undefined || file.lockTimeSeconds < nowSeconds;
      if (!isFree || this.#atWork >= VALIDATIONS_MAX) continue;
      void this.#validate(block, clock);
    }
  }

  async #validate(block: number, clock: MachineClock): Promise<void> {
    const { directory, log } = this.#shared;
    const life = this.#life;
    const validation = { block: `${block}`, isAlive: () => this.#life === life };
    this.#atWork++;
    log.begin(validation);
    const lockTimeSeconds = Math.floor((clock.wallMs() + LOCK_TIME_MS) / 1_000);
    await this.#access(clock, () => directory.set(block, { status: 'Processing', lockTimeSeconds }));
    await pause(clock, VALIDATION_MS);
    await this.#access(clock, () => directory.set(block, { status: 'Success', lockTimeSeconds: 0 }));
    log.end(validation, true);
    this.#atWork--;
  }

  /** Does `act` on the directory's machine, and comes back. */
  async #access<T>(clock: MachineClock, act: () => T): Promise<T> {
    await this.#way(clock);
    const result = act();
    await this.#way(clock);
    return result;
  }

  async #way(clock: MachineClock): Promise<void> {
    const { partition, lossPermille } = this.#conditions;
    const nowMs = this.#shared.time.monotonicMs();
    const isParted = partition !== undefined && nowMs >= partition.fromMs && nowMs < partition.untilMs;
    if (isParted && isCutOff(this.#machine)) await pause(clock, partition.untilMs - nowMs);
    const isLost = lossPermille > 0 && this.#random(1_000) < lossPermille;
    const delayMs = regionOf(this.#machine) === 0 ? NEAR_DELAY_MS : REGION_DELAY_MS;
    await pause(clock, delayMs + (isLost ? RETRANSMISSION_MS : 0));
  }
}
