/**
 * One run: from a seed to what was violated, and the hash of everything that happened.
 *
 * Invariant: the outcome is a function of the seed, the options and the code. Nothing real is waited for.
 */

import { CANARIES } from './canaries/all.ts';
import { SOUND_PARTS } from './canaries/canary.ts';
import { FAULTS } from './faults/all.ts';
import type { Setup } from './faults/fault.ts';
import { INVARIANTS } from './invariants/all.ts';
import { reportingUnexpected, UNEXPECTED_ERRORS } from './invariants/unexpected-errors.ts';
import type { Finding, Violation, Watch } from './invariants/invariant.ts';
import {
  RECOVERY_MS_MAX,
  REGION_DELAY_MS,
  REST_MS,
  SIM_CHANCES,
  SIM_SETTINGS,
  TROUBLE_MS,
  type SimOptions,
} from './options.ts';
import { Readers } from './readers.ts';
import { forkRandom } from './seeded-random.ts';
import { drawBlocks } from './sim-block.ts';
import { Trace, type TraceSink } from './trace.ts';
import { VirtualClock } from './virtual-clock.ts';
import { Workload } from './workload.ts';
import { World } from './world.ts';

export interface SeedReport {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly simulatedMs: number;
  readonly traceHash: string;
  /** What happened, oldest first, without the bulk of received gossip. */
  readonly events: readonly string[];
}

/** Between two looks of the invariants. */
const LOOK_MS = 500;
/** Of ten machines, how many run no validator. */
const SIDECARS_OF_TEN = 2;

export async function runSeed(seed: number, options: SimOptions, sink?: TraceSink): Promise<SeedReport> {
  const time = new VirtualClock();
  const trace = new Trace(time, sink);
  const run = new Run(seed, options, time, trace);
  await reportingUnexpected(
    () => run.toEnd(),
    (finding) => run.violated(UNEXPECTED_ERRORS.name, finding, 'an unexpected error'),
  );
  return {
    seed,
    violations: run.violations,
    simulatedMs: time.monotonicMs(),
    traceHash: trace.hash(),
    events: trace.kept(),
  };
}

class Run {
  readonly violations: Violation[] = [];
  readonly #time: VirtualClock;
  readonly #world: World;
  readonly #workload: Workload;
  readonly #watches: readonly Watch[];
  readonly #undoFaults: (() => void)[] = [];

  constructor(seed: number, options: SimOptions, time: VirtualClock, trace: Trace) {
    this.#time = time;
    const canary = CANARIES.find(({ name }) => name === options.canary);
    const world = (this.#world = new World({
      seed,
      settings: SIM_SETTINGS,
      regionDelayMs: REGION_DELAY_MS,
      chances: SIM_CHANCES,
      blocks: drawBlocks(options.blocks, options.nodes, forkRandom(seed, 'blocks')),
      parts: canary?.parts ?? SOUND_PARTS,
      time,
      trace,
    }));
    const faults = FAULTS.filter(({ name }) => options.faults.includes(name));
    const setup: Setup = {
      clocks: Array.from({ length: options.nodes }, () => ({ wallOffsetMs: 0, driftRate: 0 })),
      bounds: SIM_SETTINGS.bounds,
      startsAtMs: Array.from({ length: options.nodes }, () => 0),
      reserveMs: Array.from({ length: options.nodes }, () => undefined),
    };
    for (const fault of faults) fault.prepare?.(setup, world.randomFor(`${fault.name}, prepared`));
    const kinds = world.randomFor('kinds of machines');
    for (const [index, clock] of setup.clocks.entries()) {
      const validates = index === 0 || kinds(10) >= SIDECARS_OF_TEN;
      const machine = world.addMachine(validates, clock, setup.reserveMs[index]);
      time.schedule(setup.startsAtMs[index] ?? 0, () => machine.start());
    }
    this.#workload = new Workload(world);
    this.#watches = INVARIANTS.map((invariant) =>
      invariant.watch(world, (finding) => {
        this.violated(invariant.name, finding, finding.detail);
      }),
    );
    world.observers.push(...this.#watches);
    this.#workload.start();
    new Readers(world, world.randomFor('readers')).start(TROUBLE_MS);
    for (const fault of faults) {
      const undo = fault.arrange?.(world, world.randomFor(fault.name), TROUBLE_MS);
      if (undo !== undefined) this.#undoFaults.push(undo);
    }
  }

  /** `traced`: of the finding, what is the same on any machine. */
  violated(invariant: string, finding: Finding, traced: string): void {
    this.#world.trace.note('world', `${invariant} is violated: ${traced}`);
    this.violations.push({ ...finding, invariant });
  }

  /** Ends early at the first violation: what follows one says little. */
  async toEnd(): Promise<void> {
    this.#lookAgain();
    await this.#until(() => false, TROUBLE_MS);
    this.#heal();
    await this.#until(() => this.#isAtRest(), RECOVERY_MS_MAX);
    await this.#until(() => false, REST_MS);
    if (this.violations.length > 0) return;
    for (const watch of this.#watches) await watch.atEnd?.();
  }

  #until(condition: () => boolean, limitMs: number): Promise<boolean> {
    if (this.violations.length > 0) return Promise.resolve(false);
    return this.#time.advanceUntil(() => this.violations.length > 0 || condition(), limitMs);
  }

  #lookAgain(): void {
    for (const watch of this.#watches) watch.look?.();
    this.#time.schedule(LOOK_MS, () => this.#lookAgain());
  }

  #heal(): void {
    const { machines, trace } = this.#world;
    trace.note('world', 'everything is healed');
    for (const undo of this.#undoFaults) undo();
    for (const machine of machines) {
      machine.resume();
      // An administrator sets the clocks: a lease from far ahead is left out until its time has come.
      if (Math.abs(machine.clock.wallErrorMs) > SIM_SETTINGS.bounds.skewBoundMs / 2) {
        machine.clock.stepWall(-machine.clock.wallErrorMs);
      }
      machine.start();
    }
  }

  #isAtRest(): boolean {
    const { machines, blocks } = this.#world;
    if (this.#workload.left > 0) return false;
    for (const machine of machines) machine.start();
    const [first] = machines;
    return machines.every(({ node, state, programsAtWork }) => {
      if (node === undefined || state !== 'running' || programsAtWork > 0) return false;
      const isFinished = node.tally.unfinishedCount === 0 && node.tally.blocks === blocks.length;
      const isIdle = node.store.dirtyCount === 0 && node.claims.claimer.validationsInFlight === 0;
      const hasAll = node.shelf.size === blocks.length && node.witnesses.fetcher.fetching === 0;
      return isFinished && isIdle && hasAll && node.replica.digest === first?.node?.replica.digest;
    });
  }
}
