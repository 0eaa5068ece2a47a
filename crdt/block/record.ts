/**
 * The block record: one small state-based CRDT per (number, hash), the product of its parts' lattices.
 *
 * Invariant: `mergeRecords` is commutative, associative and idempotent, and its result is normal: every list sorted and
 * bounded, no lease beside a Success (the block is done, nobody needs to hold it), no generation lease beside an
 * announced witness, and nothing but results and blob ids in a settled record. Normalising commutes with joining because
 * Success, announcements and settling never go away.
 *
 * Shapiro, Preguiça, Baquero, Zawirski: "Conflict-free replicated data types", SSS 2011; deltas are small records
 * (Almeida, Shoker, Baquero: "Delta state replicated data types", 2018), so a delta merges like any state.
 */

import { compareText, type Hash32 } from '../ids.ts';
import { joinLeases, type Lease } from '../lease/lease.ts';
import { joinHolders, type Holders } from './holders.ts';
import { joinResults, type Results } from './result.ts';
import { joinWitnesses, type Witnesses } from './witness.ts';

export interface BlockRecord {
  readonly results: Results;
  /** Who validates, or last did. */
  readonly lease: Lease | undefined;
  readonly witnesses: Witnesses;
  /** Who generates the witness, or last did. */
  readonly generation: Lease | undefined;
  readonly holders: Holders;
  /** Grow-only set, sorted. */
  readonly blobIds: readonly Hash32[];
  /**
   * The block is final and old: who held, generated or stored it matters no more. Absorbs leases, announcements and holders,
   * those that come later too, so that all nodes arrive at the same small record whoever settles it first. Unsigned: a
   * node believes it of blocks that it knows to be final itself.
   */
  readonly settled: boolean;
}

export const BLOB_IDS_MAX = 1024;

export const EMPTY_RECORD: BlockRecord = {
  results: [],
  lease: undefined,
  witnesses: [],
  generation: undefined,
  holders: [],
  blobIds: [],
  settled: false,
};

/** A delta: the given parts, and nothing of the others. */
export function recordOf(parts: Partial<BlockRecord>): BlockRecord {
  return normalize({ ...EMPTY_RECORD, ...parts });
}

/** What is merged into nothing is itself, the object too: its encoding is known. */
export function mergeRecords(a: BlockRecord, b: BlockRecord): BlockRecord {
  if (isEmptyRecord(a)) return normalize(b);
  return normalize({
    results: joinResults(a.results, b.results),
    lease: joinLeases(a.lease, b.lease),
    witnesses: joinWitnesses(a.witnesses, b.witnesses),
    generation: joinLeases(a.generation, b.generation),
    holders: joinHolders(a.holders, b.holders),
    blobIds: joinBlobIds(a.blobIds, b.blobIds),
    settled: a.settled || b.settled,
  });
}

/** The different state roots that successful results report. More than one is a dispute. */
export function successRoots(results: Results): readonly Hash32[] {
  return [...new Set(results.filter(({ verdict }) => verdict === 'success').map(({ stateRoot }) => stateRoot))];
}

export function hasSuccess(results: Results): boolean {
  return results.some((result) => result.verdict === 'success');
}

function normalize(record: BlockRecord): BlockRecord {
  if (record.settled) return isBare(record) ? record : settle(record);
  const dropLease = record.lease !== undefined && hasSuccess(record.results);
  const dropGeneration = record.generation !== undefined && record.witnesses.length > 0;
  if (!dropLease && !dropGeneration) return record;
  return {
    ...record,
    lease: dropLease ? undefined : record.lease,
    generation: dropGeneration ? undefined : record.generation,
  };
}

function settle({ results, blobIds }: BlockRecord): BlockRecord {
  return { ...EMPTY_RECORD, results, blobIds, settled: true };
}

/** Whether there is nothing that settling would drop. */
function isBare({ lease, witnesses, generation, holders }: BlockRecord): boolean {
  return lease === undefined && witnesses.length === 0 && generation === undefined && holders.length === 0;
}

function joinBlobIds(a: readonly Hash32[], b: readonly Hash32[]): readonly Hash32[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return [...new Set([...a, ...b])].sort(compareText).slice(0, BLOB_IDS_MAX);
}

export function isEmptyRecord(record: BlockRecord): boolean {
  return (
    record.results.length === 0 &&
    record.lease === undefined &&
    record.witnesses.length === 0 &&
    record.generation === undefined &&
    record.holders.length === 0 &&
    record.blobIds.length === 0 &&
    !record.settled
  );
}
