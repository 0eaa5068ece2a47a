/**
 * `reconcile-*`: what a session between two replicas of a million records costs, without a stream and without a disk.
 *
 * Both replicas are indexes of synthetic items; records are made when a session asks for them, so a session leaves both
 * sides as they were and can be run again. What is counted of bytes are all frames of both sides, without the records.
 */

import type { Fingerprint } from '../../../crdt/block/fingerprint.ts';
import { recordOf } from '../../../crdt/block/record.ts';
import { blake3, blake3Hash } from '../../../crdt/hash.ts';
import { nodeFromBytes } from '../../../crdt/ids.ts';
import { ReconcileIndex } from '../../../net/reconcile/index/reconcile-index.ts';
import { ReconcileSession, type SessionStep } from '../../../net/reconcile/session.ts';
import { framesOf, type OutgoingFrame, type Turn } from '../../../net/reconcile/turn.ts';
import type { ReconcileView } from '../../../net/reconcile/view.ts';
import type { BenchRow } from '../row.ts';

const RECORDS = 1_000_000;
const DIFFERENCES = 1_000;

export type Difference = 'none' | 'newest' | 'scattered' | 'changed';

export interface Cost {
  /** Of both sides' frames, without the records in them. */
  readonly bytes: number;
  readonly roundTrips: number;
  /** Of the side that took more. */
  readonly processorMs: number;
}

/** The side that lacks something begins in one session, and answers in the other: the dearer one counts. */
export function costOf(difference: Difference, records = RECORDS): Cost {
  const [whole, partial] = replicas(difference, records);
  const [asked, told] = [runSession(partial, whole), runSession(whole, partial)];
  return {
    bytes: Math.max(asked.bytes, told.bytes),
    roundTrips: Math.max(asked.roundTrips, told.roundTrips),
    processorMs: Math.max(asked.processorMs, told.processorMs),
  };
}

function runSession(initiator: ReconcileView, responder: ReconcileView): Cost {
  const views = [initiator, responder] as const;
  const sessions = [new ReconcileSession(initiator, true), new ReconcileSession(responder, false)] as const;
  const processorUs = [0, 0];
  let bytes = 0;
  let turns = 0;
  let turn: Turn | undefined = sessions[0].open();
  for (let from: 0 | 1 = 0; turn !== undefined; from = from === 0 ? 1 : 0) {
    const to = from === 0 ? 1 : 0;
    turns++;
    const sent: Turn = turn;
    const frames: readonly OutgoingFrame[] = timed(processorUs, from, () => [...framesOf(sent, views[from])]);
    turn = undefined;
    for (const frame of frames) {
      bytes += frame.bytes.length - frame.recordBytes;
      const step: SessionStep = timed(processorUs, to, () => sessions[to].receive(frame.bytes));
      turn = step.send;
    }
  }
  return { bytes, roundTrips: turns / 2, processorMs: Math.max(...processorUs) / 1_000 };
}

function timed<T>(processorUs: number[], side: number, run: () => T): T {
  const before = process.cpuUsage();
  const value = run();
  const { user, system } = process.cpuUsage(before);
  processorUs[side] = (processorUs[side] ?? 0) + user + system;
  return value;
}

const node = nodeFromBytes(blake3(new Uint8Array([1])));
const stateRoot = blake3Hash(new Uint8Array([2]));
/** As large as that of a block that was validated once. */
const record = recordOf({
  results: [
    {
      node,
      verdict: 'success',
      stateRoot,
      epoch: 1,
      sequence: 1,
      stamp: { wallMs: 1_757_002_317_000, counter: 0 },
      signature: new Uint8Array(64),
    },
  ],
});

function viewOf(index: ReconcileIndex): ReconcileView {
  return {
    index,
    lowestKept: 0,
    nextUnfinished: undefined,
    blockOf: ({ number }) => ({ number, hash: stateRoot }),
    record: () => record,
  };
}

let pair: { readonly records: number; readonly whole: ReconcileIndex; readonly other: ReconcileIndex } | undefined;

/** A replica of so many records, and one that differs from it. They are made once and the difference is undone after use. */
function replicas(difference: Difference, records: number): readonly [ReconcileView, ReconcileView] {
  if (pair?.records !== records) {
    undoing.length = 0;
    pair = { records, whole: indexOf(records), other: indexOf(records) };
  }
  const { whole, other } = pair;
  undo();
  const differences = difference === 'none' ? 0 : DIFFERENCES;
  for (let at = 0; at < differences; at++) {
    const number = difference === 'newest' ? records - 1 - at : scattered(at, records);
    const after = difference === 'changed' ? fingerprintAt(number, 1) : undefined;
    other.change({ number }, fingerprintAt(number, 0), after);
    undoing.push(() => other.change({ number }, after, fingerprintAt(number, 0)));
  }
  return [viewOf(whole), viewOf(other)];
}

const undoing: (() => void)[] = [];

function undo(): void {
  for (const each of undoing.splice(0)) each();
}

/** A new place in each round, all of them different within one. */
let round = 0;
function scattered(at: number, records: number): number {
  if (at === 0) round++;
  const stride = Math.floor(records / DIFFERENCES);
  return (at * stride + round * 7_919 + (mixed(at, round) % stride)) % records;
}

function indexOf(records: number): ReconcileIndex {
  const index = new ReconcileIndex();
  for (let number = 0; number < records; number++) index.change({ number }, undefined, fingerprintAt(number, 0));
  while (index.prepareOne());
  return index;
}

function fingerprintAt(number: number, state: number): Fingerprint {
  let fingerprint = 0n;
  for (let word = 0; word < 4; word++) fingerprint = (fingerprint << 32n) | BigInt(mixed(number, 4 * state + word));
  return fingerprint;
}

function mixed(number: number, salt: number): number {
  let word = Math.imul(number + 1, 0x9e37_79b9) ^ Math.imul(salt + 1, 0x85eb_ca6b);
  word = Math.imul(word ^ (word >>> 16), 0x7feb_352d);
  word = Math.imul(word ^ (word >>> 15), 0x846c_a68b);
  return (word ^ (word >>> 16)) >>> 0;
}

interface Figure {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly against: string;
  readonly bound: number;
  readonly measure: () => number;
}

const MILLION = 'two replicas of 1,000,000 records';

const FIGURES: readonly Figure[] = [
  {
    id: 'reconcile-newest',
    what: `${MILLION}, the 1,000 newest missing: bytes without the records`,
    unit: 'bytes',
    against: 'a budget of 12 kB (negentropy: about 34 kB)',
    bound: 12_000,
    measure: () => costOf('newest').bytes,
  },
  {
    id: 'reconcile-scattered',
    what: `${MILLION}, 1,000 missing at random: bytes without the records`,
    unit: 'bytes',
    against: 'a budget of 60 kB (negentropy: about 1.3 MB)',
    bound: 60_000,
    measure: () => costOf('scattered').bytes,
  },
  {
    id: 'reconcile-changed',
    what: `${MILLION}, 1,000 of them in different states: bytes without the records`,
    unit: 'bytes',
    against: 'a budget of 60 kB',
    bound: 60_000,
    measure: () => costOf('changed').bytes,
  },
  {
    id: 'reconcile-equal',
    what: `${MILLION} that are equal: bytes, one message each way`,
    unit: 'bytes',
    against: 'a budget of 200 bytes',
    bound: 200,
    measure: () => costOf('none').bytes,
  },
  {
    id: 'reconcile-trips',
    what: 'the most round trips of these sessions',
    unit: 'round trips',
    against: 'four',
    bound: 4,
    measure: () =>
      Math.max(...(['none', 'newest', 'scattered', 'changed'] as const).map((each) => costOf(each).roundTrips)),
  },
  {
    id: 'reconcile-cpu',
    what: `${MILLION}, the 1,000 newest missing: processor time of the busier side, records coded but not verified`,
    unit: 'ms',
    against: '20 ms',
    bound: 20,
    measure: () => costOf('newest').processorMs,
  },
];

export const reconcileRows: readonly BenchRow[] = FIGURES.map(({ id, what, unit, against, bound, measure }) => ({
  id,
  what,
  unit,
  ours: 'a session',
  against,
  target: { kind: 'at-most', bound: 1 },
  pairs: 9,
  async prepare() {
    return {
      ours: () => Promise.resolve(measure()),
      against: () => Promise.resolve(bound),
      close: () => Promise.resolve(undo()),
    };
  },
}));
