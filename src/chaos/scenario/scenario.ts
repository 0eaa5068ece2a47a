/**
 * A scenario: what to start, what to break and when, what must hold. Plain data, in a file that a user can write.
 *
 * Invariant: a `Scenario` that came out of {@link parseScenario} is complete, and its faults fit its nodes and its time.
 */

import { z } from 'zod';
import { DriftlockError } from '../../../crdt/errors.ts';
import { settingsSchema } from '../../config/settings.ts';
import { CHAOS_NODES_MAX, CHAOS_SECONDS_MAX, faultPlanSchema } from './fault-plan.ts';

/** Faults in one scenario. */
export const FAULT_PLANS_MAX = 64;
export const BLOCKS_PER_SECOND_MAX = 200;
export const HASHES_PER_NUMBER_MAX = 64;
export const FINISHED_BEFORE_MAX = 1_000_000;
/** Programs of other makers beside one node. */
export const PROGRAMS_PER_NODE_MAX = 8;
/** The chain answers a validator within this; beyond 10 s it would ask again. */
export const VALIDATION_MS_MAX = 8_000;

const nodeIndex = z
  .int()
  .min(0)
  .max(CHAOS_NODES_MAX - 1);

export const scenarioSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'a name of 1 to 64 lower-case letters, digits and "-"'),
  /** One line: what is broken. */
  breaks: z.string().min(1).max(200),
  /** How many, unless `--nodes` says otherwise. */
  nodes: z.int().min(2).max(CHAOS_NODES_MAX),
  /** How long the workload runs and faults strike, unless `--duration` says otherwise. */
  seconds: z.number().min(1).max(CHAOS_SECONDS_MAX),
  workload: z.strictObject({
    blocksPerSecond: z.number().min(0.1).max(BLOCKS_PER_SECOND_MAX),
    /** How long the chain makes a validation last: from the first to the second, drawn for each block. */
    validationMs: z.tuple([z.number().min(0), z.number().max(VALIDATION_MS_MAX)]).readonly(),
    /** More than one: a reorg at every height. */
    hashesPerNumber: z.int().min(1).max(HASHES_PER_NUMBER_MAX).optional(),
    /** Blocks that were finished before the run: every node but those that are absent at first holds them. */
    finishedBefore: z.int().min(0).max(FINISHED_BEFORE_MAX).optional(),
    /** Blocks this far behind the newest are final: each node's `chain.status` says so. None, when it is not given. */
    finalBehind: z.int().min(1).max(FINISHED_BEFORE_MAX).optional(),
    /** Where a witness appears: on `one` node, in turn (the default), or on `all`. */
    witnessesOn: z.enum(['one', 'all']).optional(),
  }),
  start: z
    .strictObject({
      /** Clocks that are wrong from the start. `driftRate`: 0.01 is one second in a hundred too fast. */
      clocks: z
        .array(
          z.strictObject({
            node: nodeIndex,
            offsetMs: z.int().min(-86_400_000).max(86_400_000).optional(),
            driftRate: z.number().min(-0.5).max(0.5).optional(),
          }),
        )
        .max(CHAOS_NODES_MAX)
        .readonly(),
      /** Validators of the reference, that know of nothing but the files, beside each node. */
      programsPerNode: z.int().min(1).max(PROGRAMS_PER_NODE_MAX),
      /** The first program of the first node reports a wrong root for one block in this many. */
      wrongRootEvery: z.int().min(2).max(1_000),
      /** Who validates on the nodes themselves. */
      validator: z.enum(['linkage', 'none']),
      /** `namespaces` needs root: each node in a network namespace of its own, and no proxies. */
      network: z.enum(['proxies', 'namespaces']),
      settings: settingsSchema,
    })
    .partial()
    .optional(),
  faults: z.array(faultPlanSchema).max(FAULT_PLANS_MAX).readonly(),
  /** Beyond the promises, which always must. */
  holds: z
    .strictObject({
      /** Results beyond the first, over all blocks. */
      duplicatesPerBlockMax: z.number().min(0),
      /** Blocks on which validators disagree; at least so many, and the promise is that none is hidden. */
      disputesMin: z.int().min(1),
    })
    .partial()
    .optional(),
});

/** As an author writes it. */
export type Scenario = Readonly<z.infer<typeof scenarioSchema>>;

/** Checks what a file exports. Throws `ERR_BAD_SCENARIO` that names `argument` and the field. */
export function parseScenario(value: unknown, argument: string): Scenario {
  const parsed = scenarioSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') ?? '';
    throw badScenario(field === '' ? argument : `${argument}: ${field}`, issue?.message ?? 'a scenario');
  }
  const scenario = parsed.data;
  for (const [at, { fault, atSeconds, forSeconds, everySeconds }] of scenario.faults.entries()) {
    const field = `${argument}: faults.${at} (${fault})`;
    if (atSeconds + forSeconds > scenario.seconds) throw badScenario(field, `to end within ${scenario.seconds} s`);
    if (everySeconds !== undefined && everySeconds < forSeconds) {
      throw badScenario(field, 'everySeconds not below forSeconds');
    }
  }
  const [least, most] = scenario.workload.validationMs;
  if (least > most) throw badScenario(`${argument}: workload.validationMs`, 'the lower bound first');
  return scenario;
}

/** How many nodes the scenario names by number: it needs as many. */
export function nodesNeeded({ faults, start }: Scenario): number {
  const named = [
    ...faults.flatMap(({ on }) => (typeof on === 'string' ? [] : on)),
    ...(start?.clocks ?? []).map(({ node }) => node),
  ];
  return Math.max(2, ...named.map((index) => index + 1));
}

/** Seconds within which every fault strikes once. */
export function secondsNeeded({ faults }: Scenario): number {
  return Math.max(1, ...faults.map(({ atSeconds, forSeconds }) => atSeconds + forSeconds));
}

function badScenario(argument: string, expected: string): DriftlockError {
  return new DriftlockError('ERR_BAD_SCENARIO', { argument, expected, found: 'another' });
}
