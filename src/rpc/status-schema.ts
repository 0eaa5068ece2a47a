/**
 * What a client believes of an answer to `driftlock_status`, which can come from a node of another version or from a
 * server that is no driftlock at all.
 *
 * Invariant: a `NodeStatus` passes. Fields that are not known here are kept; names of modes and the like may be new ones.
 */

import { z } from 'zod';

const count = z.number().nonnegative();

const offset = { offsetMs: z.number().nullable(), boundMs: count.nullable() };

export const statusSchema = z.looseObject({
  peerId: z.string(),
  cluster: z.string(),
  version: z.string(),
  // Absent in the answer of an older node.
  region: z.string().optional(),
  mode: z.string(),
  // These are absent in the answer of an older node.
  modeHeldMs: count.optional(),
  modeTrigger: z.string().optional(),
  claimHold: z.string().nullable().optional(),
  guarantees: z
    .array(
      z.looseObject({
        mode: z.string(),
        operation: z.string(),
        scope: z.string(),
        latency: z.string(),
        availability: z.string(),
        consistency: z.string(),
        cost: z.string(),
        scalability: z.string(),
        measured: z.looseObject({ of: z.string(), ms: count }).nullable(),
      }),
    )
    .optional(),
  uptimeMs: count,
  datadir: z.string(),
  addresses: z.array(z.string()),
  validator: z.looseObject({ name: z.string(), executes: z.boolean(), inFlight: count, ready: count }),
  clock: z.looseObject({
    ...offset,
    standing: z.string(),
    clocks: count,
    skewBoundMs: count,
    steps: count,
    leasesWaiting: count,
    rankStepMs: count,
    rankStepFrom: z.string(),
  }),
  clients: z.looseObject({ leases: count, waiting: count }),
  retry: z.looseObject({ failuresMax: count, delayMsMin: count, delayMsMax: count, exhausted: count }),
  digest: z.string(),
  blocks: z.looseObject({
    total: count,
    idle: count,
    processing: count,
    failed: count,
    success: count,
    disputed: count,
    duplicates: count,
    results: count,
  }),
  witnesses: z.looseObject({
    held: count,
    fetching: count,
    // Absent in the answer of an older node.
    outOfReach: count.optional(),
    limits: z.record(z.string(), count.nullable()).optional(),
  }),
  files: z.looseObject({ pending: count, lastError: z.string().nullable() }),
  // Absent in the answer of an older node.
  loading: z
    .looseObject({ done: count, total: count, filesPerSecond: count, leftMs: count.nullable() })
    .nullable()
    .optional(),
  keeping: z
    .looseObject({
      lowestKept: count,
      final: z.looseObject({ block: count, hash: z.string() }).nullable(),
      scrubRounds: count,
      scrubPassed: count.nullable(),
    })
    .optional(),
  catchUp: z
    .looseObject({ done: count, total: count, recordsPerSecond: count, leftMs: count.nullable() })
    .nullable()
    .optional(),
  // Absent in the answer of an older node.
  document: z.looseObject({ bytes: count, alerts: count, unacknowledged: count, clients: count }).optional(),
  peers: z.array(
    z.looseObject({
      peerId: z.string(),
      connected: z.boolean(),
      live: z.boolean().optional(),
      region: z.string().nullable().optional(),
      version: z.string().nullable().optional(),
      roundTripMs: count.nullable(),
      clock: z.looseObject({ ...offset, roundTripMs: count.nullable(), skewed: z.boolean() }),
      silentMs: count.nullable(),
      mode: z.string().nullable(),
      digest: z.string().nullable(),
      agrees: z.boolean(),
      records: count.nullable(),
    }),
  ),
  counters: z.record(z.string(), count),
});

export type StatusAnswer = z.infer<typeof statusSchema>;
