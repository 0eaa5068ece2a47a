/**
 * The lease register: who may work on a block, under which epoch, for how long.
 *
 * Invariant: `joinLeases` is the maximum of a total order, hence commutative, associative and idempotent. The higher
 * epoch wins; within an epoch the earlier claim, then the smaller node id; of one claim, the furthest renewal. Time
 * never enters here: whether a lease is still live is judged by `rule.ts` from local clocks.
 *
 * Gray, Cheriton: "Leases: an efficient fault-tolerant mechanism for distributed file cache consistency", SOSP 1989.
 * The epoch is the fencing token of Chubby's sequencers (Burrows, OSDI 2006).
 */

import { compareBytes } from '../bytes.ts';
import type { IdReader, IdWriter } from '../codec/id-table.ts';
import type { Reader } from '../codec/reader.ts';
import { readSignature, writeSignature } from '../codec/signature.ts';
import type { Writer } from '../codec/writer.ts';
import { compareStamps, readStamp, writeStamp, type HlcStamp } from '../hlc.ts';
import { compareText, type NodeId } from '../ids.ts';

export interface Lease {
  /** Fencing token, 1…EPOCH_MAX: one more than any epoch the claimant had seen for this block. */
  readonly epoch: number;
  readonly holder: NodeId;
  /** When the claim was made. It decides between claims of one epoch and never changes with renewals. */
  readonly stamp: HlcStamp;
  /** How long the claim, and each renewal, lasts from the moment it is sent. */
  readonly durationMs: number;
  /** How often the holder has extended it. A release counts as one more. */
  readonly renewals: number;
  /** From the claim to its latest renewal, on the holder's monotonic clock; 0 without one. */
  readonly renewedAfterMs: number;
  /** The holder gave it up. Final for this claim. */
  readonly released: boolean;
  /** The holder's Ed25519 signature over the block and all of the above. */
  readonly signature: Uint8Array;
}

export const EPOCH_MAX = 2 ** 32 - 1;
/** One day. A longer lock would outlive any validator that could still be at work. */
export const LEASE_DURATION_MS_MAX = 86_400_000;
export const RENEWALS_MAX = 2 ** 32 - 1;
/** 49 days, the reach of a 32-bit count of milliseconds. */
export const RENEWED_AFTER_MS_MAX = 2 ** 32 - 1;

/** Positive when `a` wins over `b`, negative when it loses, 0 only when they are the same. */
export function compareLeases(a: Lease, b: Lease): number {
  return compareClaims(a, b) || compareProgress(a, b) || compareBytes(a.signature, b.signature);
}

/** The order between different claims; 0 when both are states of one claim. */
export function compareClaims(a: Lease, b: Lease): number {
  return a.epoch - b.epoch || compareStamps(b.stamp, a.stamp) || compareText(b.holder, a.holder);
}

/** Whether both are states of one claim: the same holder, epoch and stamp. */
export function isSameClaim(a: Lease, b: Lease): boolean {
  return compareClaims(a, b) === 0;
}

/** Whether it can be renewed and still be released after that: a release counts as one more renewal. */
export function hasRenewalsLeft(lease: Pick<Lease, 'renewals'>): boolean {
  return lease.renewals < RENEWALS_MAX - 1;
}

export function joinLeases(a: Lease | undefined, b: Lease | undefined): Lease | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return compareLeases(b, a) > 0 ? b : a;
}

function compareProgress(a: Lease, b: Lease): number {
  return (
    Number(a.released) - Number(b.released) ||
    a.renewals - b.renewals ||
    a.renewedAfterMs - b.renewedAfterMs ||
    a.durationMs - b.durationMs
  );
}

/** Everything but holder and signature, in a fixed order: part of the encoding and of the signed message. */
export function writeLeaseTerms(writer: Writer, lease: Omit<Lease, 'signature'>): void {
  writer.varint(lease.epoch);
  writeStamp(writer, lease.stamp);
  writer
    .varint(lease.durationMs)
    .varint(lease.renewals)
    .varint(lease.renewedAfterMs)
    .u8(lease.released ? 1 : 0);
}

export function writeLease(writer: Writer, lease: Lease, ids: IdWriter): void {
  ids.node(writer, lease.holder);
  writeLeaseTerms(writer, lease);
  writeSignature(writer, lease.signature);
}

export function readLease(reader: Reader, field: string, ids: IdReader): Lease {
  const holder = ids.node(reader, `${field} holder`);
  const epochAt = reader.offset;
  const epoch = reader.varint(`${field} epoch`, EPOCH_MAX);
  if (epoch === 0) throw reader.fail('ERR_OUT_OF_RANGE', `${field} epoch`, 'at least 1', '0', epochAt);
  const stamp = readStamp(reader, `${field} stamp`);
  const durationMs = reader.varint(`${field} duration`, LEASE_DURATION_MS_MAX);
  const renewals = reader.varint(`${field} renewals`, RENEWALS_MAX);
  const renewedAfterMs = reader.varint(`${field} renewed after`, RENEWED_AFTER_MS_MAX);
  const releasedAt = reader.offset;
  const released = reader.u8(`${field} released`);
  if (released > 1) throw reader.fail('ERR_BAD_ENUM', `${field} released`, '0 or 1', `${released}`, releasedAt);
  const signature = readSignature(reader, `${field} signature`);
  return { epoch, holder, stamp, durationMs, renewals, renewedAfterMs, released: released === 1, signature };
}
