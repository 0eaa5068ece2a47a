/**
 * The settings about witnesses: what is kept, and what it may take of the machine. Every bound has a name, a default and a
 * range that is checked.
 */

import { z } from 'zod';
import { CHALLENGE_BYTES_MAX, CHALLENGE_RANGES_MAX } from '../../net/witness/limits.ts';
import { STREAMS_PER_PEER_MAX } from '../../net/network.ts';
import { WITNESS_LIMITS, type WitnessLimits } from '../witness/limits.ts';

const KIB = 1024;
const TIB = KIB ** 4;
/** Below it one chunk would take longer than a peer waits for it. */
export const BYTES_PER_SECOND_MIN = 64 * KIB;
/** A region may be all peers at once. */
export const REGION_BYTES_PER_SECOND_MIN = KIB * KIB;

export const witnessSettingsShape = {
  witnessPolicy: z.string(),
  witnessDiskBytes: z.int().min(0),
  /** Streams on which one peer is served at once, and all peers together. */
  witnessStreamsPerPeer: z.int().min(1).max(STREAMS_PER_PEER_MAX),
  witnessStreamsMax: z.int().min(1).max(4_096),
  witnessBytesPerSecondPerPeer: z.int().min(BYTES_PER_SECOND_MIN).max(TIB),
  witnessBytesPerSecondPerRegion: z.int().min(REGION_BYTES_PER_SECOND_MIN).max(TIB),
  witnessFetchesMax: z.int().min(1).max(256),
  witnessLargeFetchesMax: z.int().min(1).max(16),
  witnessReadsMax: z.int().min(1).max(256),
  witnessReadsWaitingMax: z.int().min(64).max(65_536),
  witnessWritesMax: z.int().min(1).max(256),
  witnessWritesWaitingMax: z.int().min(64).max(65_536),
  challengePeriodMs: z.int().min(100).max(86_400_000),
  challengeRanges: z.int().min(1).max(CHALLENGE_RANGES_MAX),
  challengeRangeBytes: z
    .int()
    .min(1)
    .max(CHALLENGE_BYTES_MAX / CHALLENGE_RANGES_MAX),
} as const;

type WitnessSettings = {
  readonly [Name in keyof typeof witnessSettingsShape]?: z.infer<(typeof witnessSettingsShape)[Name]>;
};

/** The limits that `settings` give, with the defaults of what they leave unsaid. */
export function witnessLimits(settings: WitnessSettings): WitnessLimits {
  const { serve, reads, writes, challengeSample, ...rest } = WITNESS_LIMITS;
  return {
    serve: {
      streamsPerPeer: settings.witnessStreamsPerPeer ?? serve.streamsPerPeer,
      streamsTotal: settings.witnessStreamsMax ?? serve.streamsTotal,
      bytesPerSecondPerPeer: settings.witnessBytesPerSecondPerPeer ?? serve.bytesPerSecondPerPeer,
      bytesPerSecondPerRegion: settings.witnessBytesPerSecondPerRegion ?? serve.bytesPerSecondPerRegion,
    },
    askStreamsPerPeer: rest.askStreamsPerPeer,
    smallFetches: settings.witnessFetchesMax ?? rest.smallFetches,
    largeFetches: settings.witnessLargeFetchesMax ?? rest.largeFetches,
    reads: {
      inFlight: settings.witnessReadsMax ?? reads.inFlight,
      waiting: settings.witnessReadsWaitingMax ?? reads.waiting,
    },
    writes: {
      inFlight: settings.witnessWritesMax ?? writes.inFlight,
      waiting: settings.witnessWritesWaitingMax ?? writes.waiting,
    },
    diskBytes: settings.witnessDiskBytes ?? rest.diskBytes,
    challengePeriodMs: settings.challengePeriodMs ?? rest.challengePeriodMs,
    challengeSample: {
      ranges: settings.challengeRanges ?? challengeSample.ranges,
      rangeBytes: settings.challengeRangeBytes ?? challengeSample.rangeBytes,
    },
  };
}

/** `limits` under the names that an operator sets them by; null: no limit. */
export function witnessLimitSettings({ serve, reads, writes, challengeSample, ...limits }: WitnessLimits) {
  return {
    witnessDiskBytes: limits.diskBytes === WITNESS_LIMITS.diskBytes ? null : limits.diskBytes,
    witnessStreamsPerPeer: serve.streamsPerPeer,
    witnessStreamsMax: serve.streamsTotal,
    witnessBytesPerSecondPerPeer: serve.bytesPerSecondPerPeer,
    witnessBytesPerSecondPerRegion: serve.bytesPerSecondPerRegion,
    witnessFetchesMax: limits.smallFetches,
    witnessLargeFetchesMax: limits.largeFetches,
    witnessReadsMax: reads.inFlight,
    witnessReadsWaitingMax: reads.waiting,
    witnessWritesMax: writes.inFlight,
    witnessWritesWaitingMax: writes.waiting,
    challengePeriodMs: limits.challengePeriodMs,
    challengeRanges: challengeSample.ranges,
    challengeRangeBytes: challengeSample.rangeBytes,
  } satisfies Record<Exclude<keyof WitnessSettings, 'witnessPolicy'>, number | null>;
}

export type WitnessLimitSettings = ReturnType<typeof witnessLimitSettings>;
