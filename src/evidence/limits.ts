/** How much evidence is kept, and where. */

import type { EvidenceType } from './evidence-record.ts';

/**
 * Records are kept in two streams of segments, so that a flood of merges, as when a node catches up with a million blocks,
 * pushes out neither a dispute nor a change of mode.
 */
export const EVIDENCE_STREAMS = ['cluster', 'blocks'] as const;
export type EvidenceStream = (typeof EVIDENCE_STREAMS)[number];

const BLOCK_TYPES: ReadonlySet<EvidenceType> = new Set([
  'view-changed',
  'lease-lost',
  'lease-taken-over',
  'lease-deferred',
]);

export function streamOf(type: EvidenceType): EvidenceStream {
  return BLOCK_TYPES.has(type) ? 'blocks' : 'cluster';
}

export interface EvidenceLimits {
  /** A segment that has grown to this is followed by the next. */
  readonly segmentBytes: number;
  /** Of one stream, the one that is being written included; with one more the oldest is removed. */
  readonly segmentsMax: number;
  /** Records that wait to be written, beyond which more are counted and dropped. */
  readonly recordsWaitingMax: number;
}

/** 64 MiB in all: about 250,000 records of blocks and a month of the rest. */
export const EVIDENCE_LIMITS: EvidenceLimits = {
  segmentBytes: 4 * 1024 * 1024,
  segmentsMax: 8,
  recordsWaitingMax: 16_384,
};

/** A line is a few hundred bytes; the longest, of a convergence with all its rounds, is under 10 kB. A longer one is no record. */
export const EVIDENCE_LINE_BYTES_MAX = 64 * 1024;

const SEGMENT_PATTERN = /^(?<stream>cluster|blocks)-(?<number>[0-9]{10})\.jsonl$/;

export interface SegmentName {
  readonly stream: EvidenceStream;
  readonly number: number;
}

export function segmentName({ stream, number }: SegmentName): string {
  return `${stream}-${String(number).padStart(10, '0')}.jsonl`;
}

/** Undefined for the name of anything else. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const groups = SEGMENT_PATTERN.exec(name)?.groups;
  const stream = EVIDENCE_STREAMS.find((candidate) => candidate === groups?.['stream']);
  return stream === undefined ? undefined : { stream, number: Number(groups?.['number']) };
}

/** The numbers of a stream's segments among `names`, ascending. */
export function segmentNumbers(names: readonly string[], stream: EvidenceStream): number[] {
  return names
    .map(parseSegmentName)
    .flatMap((segment) => (segment?.stream === stream ? [segment.number] : []))
    .sort((a, b) => a - b);
}
