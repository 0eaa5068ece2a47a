import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ID_TABLE_ENTRIES_MAX } from '../../../crdt/block/record-codec.ts';
import { IdTable, IdTableReader } from '../../../crdt/codec/id-table.ts';
import { Reader } from '../../../crdt/codec/reader.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import {
  EPOCH_MAX,
  compareLeases,
  isSameClaim,
  joinLeases,
  readLease,
  writeLease,
  type Lease,
} from '../../../crdt/lease/lease.ts';
import { holds } from '../../properties.ts';
import { arbitraryLease, leaseWith, nodeOf, signatureOf, stampOf } from '../block/arbitraries.ts';
import { itIsAJoin } from '../block/join-laws.ts';

function encode(lease: Lease): Uint8Array {
  const ids = new IdTable([lease.holder], []);
  const writer = new Writer();
  ids.write(writer);
  writeLease(writer, lease, ids);
  return writer.finish();
}

function decode(bytes: Uint8Array): Lease {
  const reader = new Reader(bytes);
  const lease = readLease(reader, 'lease', new IdTableReader(reader, ID_TABLE_ENTRIES_MAX));
  reader.end('lease');
  return lease;
}

describe('the lease register', () => {
  itIsAJoin<Lease | undefined>('joining leases', fc.option(arbitraryLease, { nil: undefined }), joinLeases, undefined);

  const claim = leaseWith({ epoch: 5, holder: nodeOf(2), stamp: stampOf(1_000, 1) });
  const better: readonly [string, Lease][] = [
    ['a higher epoch, whatever its stamp and holder', { ...claim, epoch: 6, stamp: stampOf(9_000), holder: nodeOf(3) }],
    [
      'an earlier stamp of the same epoch, whatever its holder',
      { ...claim, stamp: stampOf(999, 9), holder: nodeOf(3) },
    ],
    ['an earlier counter of the same millisecond', { ...claim, stamp: stampOf(1_000, 0), holder: nodeOf(3) }],
    ['a smaller node id at the same epoch and stamp', { ...claim, holder: nodeOf(1) }],
    ['a renewal', { ...claim, renewals: 1, renewedAfterMs: 10_000 }],
    ['a later renewal of the same count', { ...claim, renewedAfterMs: 1 }],
    ['a longer duration at the same progress', { ...claim, durationMs: 60_000 }],
    ['its release', { ...claim, renewals: 1, released: true }],
    ['its release, although renewed less often', { ...claim, released: true }],
    ['a claim of a higher epoch beside its release', { ...claim, epoch: 6 }],
  ];
  for (const [what, winner] of better) {
    it(`a claim gives way to ${what}`, () => {
      assert.deepEqual(joinLeases(claim, winner), winner);
      assert.deepEqual(joinLeases(winner, claim), winner);
      assert.ok(compareLeases(winner, claim) > 0 && compareLeases(claim, winner) < 0);
    });
  }

  it('renewals of a claim that lost do not bring it back', () => {
    const loser = leaseWith({ stamp: stampOf(2_000), renewals: 9, renewedAfterMs: 90_000 });
    const winner = leaseWith({ holder: nodeOf(2), stamp: stampOf(1_000) });
    assert.deepEqual(joinLeases(loser, winner), winner);
  });

  it('a release is final: no renewal of the claim undoes it', () => {
    const released = leaseWith({ renewals: 1, released: true });
    const renewed = leaseWith({ renewals: 7, renewedAfterMs: 70_000 });
    assert.deepEqual(joinLeases(released, renewed), released);
    assert.deepEqual(joinLeases(renewed, released), released);
  });

  it('the order is total: leases compare as equal only when they are', () => {
    holds(
      fc.property(arbitraryLease, arbitraryLease, arbitraryLease, (a, b, c) => {
        assert.equal(compareLeases(a, b) === 0, Buffer.from(encode(a)).equals(encode(b)));
        assert.equal(Math.sign(compareLeases(a, b)) + Math.sign(compareLeases(b, a)), 0);
        if (compareLeases(a, b) >= 0 && compareLeases(b, c) >= 0) assert.ok(compareLeases(a, c) >= 0);
      }),
    );
  });

  it('states of one claim have the same holder, epoch and stamp', () => {
    assert.equal(isSameClaim(claim, { ...claim, renewals: 4, released: true, signature: signatureOf(2) }), true);
    assert.equal(isSameClaim(claim, { ...claim, epoch: 6 }), false);
    assert.equal(isSameClaim(claim, { ...claim, holder: nodeOf(1) }), false);
    assert.equal(isSameClaim(claim, { ...claim, stamp: stampOf(1_000, 2) }), false);
  });

  it('decoding what was encoded gives the same lease', () => {
    holds(fc.property(arbitraryLease, (lease) => assert.deepEqual(decode(encode(lease)), lease)));
    const last = leaseWith({ epoch: EPOCH_MAX });
    assert.deepEqual(decode(encode(last)), last);
  });
});
