/**
 * What witnesses may take of a machine: every bound by name, with its default. The operator's names for them are in
 * `src/config/settings.ts`, their meaning in docs/operations.md.
 */

import type { ChallengeSample } from '../../net/witness/challenge.ts';
import type { ServeLimits } from '../../net/witness/serve.ts';
import type { IoQueueLimits } from './io-queue.ts';

export interface WitnessLimits {
  readonly serve: ServeLimits;
  /** Streams of this node to one peer. */
  readonly askStreamsPerPeer: number;
  /** Witnesses of one chunk that are fetched at once: each has up to 256 KiB in memory. */
  readonly smallFetches: number;
  /** Witnesses of several chunks that are fetched at once: each has up to 8 MiB in memory. */
  readonly largeFetches: number;
  readonly reads: IoQueueLimits;
  readonly writes: IoQueueLimits;
  /** Bytes of payloads that this node stores before it stops to fetch. */
  readonly diskBytes: number;
  readonly challengePeriodMs: number;
  readonly challengeSample: ChallengeSample;
}

export const WITNESS_LIMITS: WitnessLimits = {
  serve: {
    streamsPerPeer: 4,
    streamsTotal: 64,
    bytesPerSecondPerPeer: 1024 * 1024 * 1024,
    bytesPerSecondPerRegion: 4 * 1024 * 1024 * 1024,
  },
  askStreamsPerPeer: 2,
  smallFetches: 128,
  largeFetches: 2,
  reads: { inFlight: 64, waiting: 4_096 },
  writes: { inFlight: 128, waiting: 4_096 },
  diskBytes: Number.MAX_SAFE_INTEGER,
  challengePeriodMs: 60_000,
  challengeSample: { ranges: 8, rangeBytes: 4_096 },
};
