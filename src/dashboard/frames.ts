/**
 * What the node tells the dashboard's page: frames of JSON over one WebSocket. Internal: page and node are of one build, and a
 * page of another build loads itself anew. So nothing of it is promised to anyone else.
 *
 * Invariant: every list is bounded by a limit named here, so a frame is at most a few hundred kB whatever the node holds.
 */

import * as z from 'zod/mini';

/** Of the RPC server, where the page opens its WebSocket. */
export const LIVE_PATH = '/live';

/** Heights that a page may follow at once: what a large screen shows at the smallest squares, with room to scroll. */
export const WINDOW_HEIGHTS_MAX = 8_192;
/** Peers, leases, disputes that are listed; more are counted. */
export const PEERS_SHOWN_MAX = 128;
export const LEASES_SHOWN_MAX = 64;
export const DISPUTES_SHOWN_MAX = 64;
/** Records of evidence that are kept in memory for a page that comes later, and that one frame can bring. */
export const EVIDENCE_KEPT_MAX = 256;
/** Of one block that was opened: blocks at its height, and of each results and holders. */
export const RIVALS_SHOWN_MAX = 8;
export const RESULTS_SHOWN_MAX = 32;
export const HOLDERS_SHOWN_MAX = 64;
/** Pieces that the whole range of heights is drawn in. */
export const OVERVIEW_PIECES = 96;
/** Samples of the plots: ten minutes, one every two seconds. */
export const SAMPLES_MAX = 300;
export const SAMPLE_MS = 2_000;

const count = z.int().check(z.nonnegative());
const nullableMs = z.nullable(z.number());

const concern = z.object({ level: z.enum(['alarm', 'warning']), kind: z.string(), text: z.string() });

const peer = z.object({
  peerId: z.string(),
  connected: z.boolean(),
  live: z.boolean(),
  region: z.nullable(z.string()),
  version: z.nullable(z.string()),
  roundTripMs: nullableMs,
  offsetMs: nullableMs,
  boundMs: nullableMs,
  skewed: z.boolean(),
  silentMs: nullableMs,
  mode: z.nullable(z.string()),
  agrees: z.boolean(),
  records: z.nullable(count),
});

const lease = z.object({
  number: count,
  hash: z.string(),
  holder: z.string(),
  epoch: count,
  remainingMs: z.number(),
  durationMs: z.number(),
  renewals: count,
});

const dispute = z.object({
  number: count,
  hash: z.string(),
  kind: z.enum(['different-roots', 'success-and-failed']),
  roots: z.array(z.string()),
  succeeded: z.array(z.string()),
  failed: z.array(z.string()),
});

/** The whole range of heights in pieces of equal width, each counted by status. */
const overview = z.object({
  lowest: count,
  highest: count,
  /** Heights that a piece spans. */
  width: count,
  pieces: z.array(z.object({ total: count, idle: count, processing: count, failed: count, disputed: count })),
});

const summary = z.object({
  peerId: z.string(),
  cluster: z.string(),
  version: z.string(),
  region: z.string(),
  mode: z.string(),
  modeHeldMs: z.number(),
  modeTrigger: z.string(),
  claimHold: z.nullable(z.string()),
  uptimeMs: z.number(),
  datadir: z.string(),
  addresses: z.array(z.string()),
  validator: z.object({ name: z.string(), executes: z.boolean(), inFlight: count, ready: count }),
  clock: z.object({ standing: z.string(), offsetMs: nullableMs, boundMs: nullableMs, skewBoundMs: z.number() }),
  digest: z.string(),
  blocks: z.object({
    total: count,
    idle: count,
    processing: count,
    failed: count,
    success: count,
    disputed: count,
    duplicates: count,
    results: count,
  }),
  witnesses: z.object({ held: count, fetching: count, outOfReach: count }),
  files: z.object({ pending: count, lastError: z.nullable(z.string()) }),
  finalBlock: z.nullable(count),
  loading: z.nullable(z.object({ done: count, total: count, leftMs: nullableMs })),
  catchUp: z.nullable(z.object({ done: count, total: count, leftMs: nullableMs })),
  convergenceMs: nullableMs,
  concerns: z.array(concern),
  peers: z.array(peer),
  peersTotal: count,
  leases: z.array(lease),
  leasesTotal: count,
  disputes: z.array(dispute),
  overview: z.nullable(overview),
});

const evidence = z.object({
  atMs: z.number(),
  type: z.string(),
  /** `{number}.{0xhash}`; null when it is about no block. */
  block: z.nullable(z.string()),
  text: z.string(),
});

const signature = z.enum(['valid', 'invalid']);

const blockDetail = z.object({
  hash: z.string(),
  status: z.enum(['idle', 'processing', 'failed', 'success']),
  reason: z.string(),
  stateRoot: z.nullable(z.string()),
  dispute: z.nullable(z.enum(['different-roots', 'success-and-failed'])),
  settled: z.boolean(),
  blobs: count,
  lease: z.nullable(z.extend(z.omit(lease, { number: true, hash: true }), { signature })),
  results: z.array(
    z.object({
      node: z.string(),
      verdict: z.enum(['failed', 'success']),
      stateRoot: z.nullable(z.string()),
      epoch: count,
      sequence: count,
      atMs: z.number(),
      signature,
    }),
  ),
  resultsTotal: count,
  holders: z.array(z.string()),
  holdersTotal: count,
  witness: z.nullable(z.object({ state: z.string(), payloadBytes: count, digest: z.string(), author: z.string() })),
  /** Whether its witness is in this node's directory. */
  isHeld: z.boolean(),
});

const heightDetail = z.object({ number: count, blocks: z.array(blockDetail), evidence: z.array(evidence) });

/** Counters at one moment, of which the plots draw the differences. */
const sample = z.object({
  atMs: z.number(),
  finished: count,
  claims: count,
  results: count,
  duplicates: count,
  /** Members linked, and of those how many hold the same records. */
  linked: count,
  agreeing: count,
  convergenceMs: nullableMs,
});

export const frameSchema = z.object({
  /** Of the page that this node serves. */
  build: z.string(),
  /** By the node's wall clock. */
  sentAtMs: z.number(),
  summary: z.optional(summary),
  /** The whole window: a code for each height from `from` on, in base64. */
  window: z.optional(z.object({ from: count, codes: z.string() })),
  /** Heights of the window that changed, each followed by its code. */
  cells: z.optional(z.array(count)),
  /** The height that the page has opened. */
  height: z.optional(heightDetail),
  evidence: z.optional(z.array(evidence)),
  samples: z.optional(z.array(sample)),
});

export type Frame = z.infer<typeof frameSchema>;
export type Summary = z.infer<typeof summary>;
export type PeerSummary = z.infer<typeof peer>;
export type LeaseSummary = z.infer<typeof lease>;
export type DisputeSummary = z.infer<typeof dispute>;
export type Overview = z.infer<typeof overview>;
export type EvidenceLine = z.infer<typeof evidence>;
export type BlockDetail = z.infer<typeof blockDetail>;
export type HeightDetail = z.infer<typeof heightDetail>;
export type Sample = z.infer<typeof sample>;

/** What a page asks for: a window of heights, and one height to be told of in full. It replaces what was asked before. */
export const wishSchema = z.strictObject({
  from: count,
  heights: z.int().check(z.minimum(0), z.maximum(WINDOW_HEIGHTS_MAX)),
  open: z.nullable(count),
});
export type Wish = z.infer<typeof wishSchema>;

/** A wish is under 100 bytes. */
export const WISH_BYTES_MAX = 256;
