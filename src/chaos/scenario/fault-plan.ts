/**
 * What a scenario says of one fault: what breaks, on which nodes, when, and for how long.
 *
 * Invariant: a plan that passed this schema can be scheduled and started; what is no part of it is refused.
 */

import { z } from 'zod';

/** Nodes of a run. Each is a process of about 100 MB. */
export const CHAOS_NODES_MAX = 16;
/** A week: what a soak may last. */
export const CHAOS_SECONDS_MAX = 604_800;

const seconds = z.number().min(0).max(CHAOS_SECONDS_MAX);

/**
 * `one`, `half` (rounded down) and `most` (all but one) are drawn from the seed for each occurrence; `next` is one after
 * the other; numbers count the nodes from 0.
 */
const nodes = z.union([
  z.enum(['one', 'half', 'most', 'all', 'next']),
  z
    .array(
      z
        .int()
        .min(0)
        .max(CHAOS_NODES_MAX - 1),
    )
    .min(1)
    .max(CHAOS_NODES_MAX)
    .readonly(),
]);

const timing = {
  on: nodes,
  /** Since the workload began. */
  atSeconds: seconds,
  /** Then it is healed: the link stands again, the process runs again, the file is freed. */
  forSeconds: seconds,
  /** It strikes again this long after the last time it began, until the scenario's time is over. */
  everySeconds: seconds.min(0.5).optional(),
  /** Each time it strikes up to this much later, drawn from the seed. */
  spreadSeconds: seconds.optional(),
};

const milliseconds = z.number().min(0).max(3_600_000);

export const faultPlanSchema = z.discriminatedUnion('fault', [
  z.strictObject({
    fault: z.literal('partition'),
    ...timing,
    /** `out`: what the nodes send is lost, and what they are sent arrives; `in`: the other way round. */
    direction: z.enum(['both', 'out', 'in']).optional(),
  }),
  z.strictObject({
    fault: z.literal('slow'),
    ...timing,
    /** One way. */
    latencyMs: milliseconds.optional(),
    jitterMs: milliseconds.optional(),
    kilobitsPerSecond: z.number().min(1).max(10_000_000).optional(),
    /** Of a thousand chunks, and for how long: a lost packet, as TCP shows it. */
    stallPermille: z.int().min(0).max(1_000).optional(),
    stallMs: milliseconds.optional(),
  }),
  z.strictObject({
    fault: z.literal('flap'),
    ...timing,
    /** The link is down and up in turn for up to these times, drawn from the seed. */
    downMsMax: milliseconds.min(10),
    upMsMax: milliseconds.min(10),
  }),
  z.strictObject({ fault: z.literal('reset'), ...timing }),
  z.strictObject({ fault: z.literal('half-open'), ...timing }),
  z.strictObject({ fault: z.literal('kill'), ...timing }),
  z.strictObject({ fault: z.literal('restart'), ...timing }),
  z.strictObject({ fault: z.literal('pause'), ...timing }),
  z.strictObject({ fault: z.literal('absent'), ...timing }),
  z.strictObject({ fault: z.literal('clock-step'), ...timing, byMs: z.int().min(-86_400_000).max(86_400_000) }),
  z.strictObject({ fault: z.literal('disk-full'), ...timing }),
  z.strictObject({
    fault: z.literal('corrupt'),
    ...timing,
    /** Of the files in `validate/` and `witness/` whose content other nodes hold as well. */
    percent: z.number().min(0).max(100),
  }),
  z.strictObject({ fault: z.literal('link-down'), ...timing }),
]);

export type FaultPlan = Readonly<z.infer<typeof faultPlanSchema>>;
export type FaultName = FaultPlan['fault'];
export type FaultPlanOf<Name extends FaultName> = Extract<FaultPlan, { readonly fault: Name }>;

/** While one of these is on, its node does not run. Two of them never strike one node at once. */
export const PROCESS_FAULTS: ReadonlySet<FaultName> = new Set(['kill', 'restart', 'pause', 'absent']);
