/** Canaries in the rules: how leases run out, how records merge, which epoch a claim carries, how old an answer is. */

import { compareStamps } from '../../../crdt/hlc.ts';
import { mergeRecords, type BlockRecord } from '../../../crdt/block/record.ts';
import { isSameClaim } from '../../../crdt/lease/lease.ts';
import { NODE_RULES } from '../../node/rules.ts';
import { SOUND_PARTS, type Canary } from './canary.ts';

export const WALL_CLOCK_EXPIRY: Canary = {
  name: 'wall-clock-expiry',
  what: 'a lease has run out when the wall clock says so, as with lock_time in the files',
  parts: {
    ...SOUND_PARTS,
    rules: {
      ...NODE_RULES,
      sighting: {
        ...NODE_RULES.sighting,
        remainingMs: ({ endsAtWallMs, nowWallMs }) => endsAtWallMs - nowWallMs,
      },
    },
  },
};

export const IGNORE_RENEWALS: Canary = {
  name: 'ignore-renewals',
  what: 'an observer counts a lease from its claim, whatever renewals follow',
  parts: {
    ...SOUND_PARTS,
    rules: {
      ...NODE_RULES,
      sighting: { ...NODE_RULES.sighting, startsAnew: (known, lease) => !isSameClaim(known, lease) },
    },
  },
};

export const LWW_RESULTS: Canary = {
  name: 'lww-results',
  what: 'of the results of a block only the one with the latest stamp is kept',
  parts: { ...SOUND_PARTS, rules: { ...NODE_RULES, mergeRecords: (a, b) => latestResult(mergeRecords(a, b)) } },
};

export const REUSE_EPOCH: Canary = {
  name: 'reuse-epoch',
  what: 'a claim carries the epoch of the lease before it',
  parts: {
    ...SOUND_PARTS,
    rules: { ...NODE_RULES, claimEpoch: (view) => Math.max(1, view.nextEpoch - 1) },
  },
};

export const YOUNG_ANSWERS: Canary = {
  name: 'young-answers',
  what: 'the age of what a member answered counts from the arrival of its answer, not from the question',
  parts: {
    ...SOUND_PARTS,
    rules: { ...NODE_RULES, confirmedAt: (_askedAtMs, answeredAtMs) => answeredAtMs },
  },
};

function latestResult(record: BlockRecord): BlockRecord {
  const [latest] = [...record.results].sort((a, b) => compareStamps(b.stamp, a.stamp));
  return { ...record, results: latest === undefined ? [] : [latest] };
}
