/**
 * A record of evidence: what happened, as one JSON object on a line. The JSON Schema of it is published
 * (`docs/evidence.schema.json`, made from this file).
 *
 * Invariant: a record that was written once stays readable: types and fields are added, never renamed or taken away. Readers
 * ignore fields they do not know.
 */

import { z } from 'zod';

const HASH_PATTERN = /^0x[0-9a-f]{64}$/;
const BLOCK_PATTERN = /^[0-9]+\.0x[0-9a-f]{64}$/;

const count = z.int().min(0);
const hash = z.string().regex(HASH_PATTERN);
const block = z.string().regex(BLOCK_PATTERN).describe('{number}.{0xhash}');
const peer = z.string().describe('libp2p peer id');
const epoch = count;
const ms = z.number();
const mode = z.string().describe('normal, degraded, catch-up or strong');
const status = z.enum(['idle', 'processing', 'failed', 'success']);

const base = {
  at: z.iso.datetime().describe("the node's wall clock, which may step"),
  node: peer.describe('who observed it'),
  sequence: count.describe(
    'counts the records of one run of the node, so that their order survives a step of its clock',
  ),
};

const sight = z.looseObject({
  members: count,
  reachable: count,
  reachableMin: count,
  heartbeatAgeMsMax: ms.optional(),
  agreeing: count,
  settled: count,
  recordsMissing: count,
  queueDepth: count,
});

export const evidenceSchema = z
  .discriminatedUnion('type', [
    z.looseObject({
      ...base,
      type: z.literal('mode-changed'),
      from: mode,
      to: mode,
      trigger: z.string(),
      claiming: z.enum(['on', 'paused']),
      sight: sight.describe('what was seen, which decided it'),
      actions: z.array(z.string()).describe('what the node does about it'),
      weaker: z.array(z.string()).describe('what holds no longer'),
      recovery: z.string().describe('what is expected to end it'),
    }),
    z.looseObject({
      ...base,
      type: z.literal('view-changed'),
      block,
      from: status,
      to: status,
      reason: z.string(),
      epoch: epoch.optional(),
      holder: peer.optional(),
      stateRoot: hash.optional(),
    }),
    z.looseObject({ ...base, type: z.literal('lease-lost'), block, epoch, reason: z.string() }),
    z.looseObject({
      ...base,
      type: z.literal('lease-taken-over'),
      block,
      from: peer,
      fromEpoch: epoch,
      to: peer,
      epoch,
    }),
    z.looseObject({ ...base, type: z.literal('lease-deferred'), block, holder: peer }),
    z.looseObject({
      ...base,
      type: z.literal('disputed'),
      block,
      kind: z.enum(['different-roots', 'success-and-failed']),
      roots: z.array(hash),
      succeeded: z.array(peer),
      failed: z.array(peer),
    }),
    z.looseObject({ ...base, type: z.literal('witness-conflict'), block, digests: z.array(z.string()) }),
    z.looseObject({
      ...base,
      type: z.literal('clock-standing'),
      standing: z.enum(['unknown', 'within', 'outside']),
      offsetMs: ms.optional(),
      boundMs: ms.optional(),
      clocks: count,
    }),
    z.looseObject({ ...base, type: z.literal('clock-stepped'), stepMs: ms }),
    z.looseObject({
      ...base,
      type: z.literal('converged'),
      rounds: z.array(
        z.looseObject({ peer, sentRecords: count, receivedRecords: count, coverage: z.number().min(0).max(1) }),
      ),
      roundCount: count,
      sentRecords: count,
      receivedRecords: count,
      peers: count,
      durationMs: ms,
    }),
    z.looseObject({
      ...base,
      type: z.literal('evidence-lost'),
      count: count.min(1).describe('records that were not written, because the disk took no more'),
    }),
  ])
  .meta({ id: 'driftlock-evidence', title: 'A line of the evidence of a driftlock node' });

export type EvidenceRecord = z.infer<typeof evidenceSchema>;
export type EvidenceType = EvidenceRecord['type'];

type OmitBase<Record> = Record extends unknown ? Omit<Record, keyof typeof base> : never;
/** A record before it is told when and by whom it was written. */
export type EvidenceContent = OmitBase<
  { [Type in EvidenceType]: KnownFields<Extract<EvidenceRecord, { type: Type }>> }[EvidenceType]
>;

/** Without the index signature of a loose object. */
type KnownFields<Record> = { [Name in keyof Record as string extends Name ? never : Name]: Record[Name] };

/** All types, for those who ask for some of them. */
export const EVIDENCE_TYPES: readonly EvidenceType[] = evidenceSchema.options.map(({ shape }) => shape.type.value);
