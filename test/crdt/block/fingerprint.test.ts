import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  addFingerprint,
  EMPTY_FINGERPRINT,
  FINGERPRINT_BYTES,
  fingerprintFromBytes,
  fingerprintOf,
  fingerprintToBytes,
  formatFingerprint,
  subtractFingerprint,
} from '../../../crdt/block/fingerprint.ts';
import { encodeRecord } from '../../../crdt/block/record-codec.ts';
import { EMPTY_RECORD } from '../../../crdt/block/record.ts';
import { holds } from '../../properties.ts';
import { arbitraryDelta, arbitraryRecord, hashOf, KEY, mergeAll } from './arbitraries.ts';
import { FULL_RECORD } from './golden.ts';

const arbitraryFingerprint = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });

describe('fingerprints', () => {
  it('equal states have equal bytes and equal fingerprints, however they came about', () => {
    const orders = fc
      .array(arbitraryDelta, { maxLength: 10 })
      .chain((deltas) => fc.tuple(fc.constant(deltas), fc.shuffledSubarray(deltas, { minLength: deltas.length })));
    holds(
      fc.property(orders, ([sent, arrived]) => {
        const [a, b] = [mergeAll(sent), mergeAll(arrived)];
        assert.deepEqual(encodeRecord(a), encodeRecord(b));
        assert.equal(fingerprintOf({ key: KEY, record: a }), fingerprintOf({ key: KEY, record: b }));
      }),
    );
  });

  it('different states have different fingerprints, and so has one state of two blocks', () => {
    holds(
      fc.property(arbitraryRecord, arbitraryDelta, (record, delta) => {
        const merged = mergeAll([record, delta]);
        const same = Buffer.from(encodeRecord(merged)).equals(encodeRecord(record));
        const fingerprint = fingerprintOf({ key: KEY, record });
        assert.equal(fingerprintOf({ key: KEY, record: merged }) === fingerprint, same);
        assert.notEqual(fingerprintOf({ key: { ...KEY, number: KEY.number + 1 }, record }), fingerprint);
        assert.notEqual(fingerprintOf({ key: { ...KEY, hash: hashOf(1) }, record }), fingerprint);
      }),
    );
  });

  it('a sum does not depend on order', () => {
    const orders = fc
      .array(arbitraryFingerprint, { maxLength: 10 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
    holds(
      fc.property(orders, ([a, b]) => {
        assert.equal(a.reduce(addFingerprint, EMPTY_FINGERPRINT), b.reduce(addFingerprint, EMPTY_FINGERPRINT));
      }),
    );
  });

  it('adding and then subtracting, or the other way about, changes nothing, and every sum stays below 2^128', () => {
    holds(
      fc.property(arbitraryFingerprint, arbitraryFingerprint, (sum, fingerprint) => {
        assert.equal(subtractFingerprint(addFingerprint(sum, fingerprint), fingerprint), sum);
        assert.equal(addFingerprint(subtractFingerprint(sum, fingerprint), fingerprint), sum);
        for (const result of [addFingerprint(sum, fingerprint), subtractFingerprint(sum, fingerprint)]) {
          assert.ok(result >= 0n && result < 2n ** 128n);
        }
      }),
    );
  });

  it('sixteen big-endian bytes and back is the identity', () => {
    holds(
      fc.property(arbitraryFingerprint, (fingerprint) => {
        const bytes = fingerprintToBytes(fingerprint);
        assert.equal(bytes.length, FINGERPRINT_BYTES);
        assert.equal(fingerprintFromBytes(bytes), fingerprint);
        assert.equal(formatFingerprint(fingerprint), Buffer.from(bytes).toString('hex'));
      }),
    );
    holds(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        assert.deepEqual(fingerprintToBytes(fingerprintFromBytes(bytes)), bytes);
      }),
    );
  });

  it('the fingerprints of two fixed records are what they always were', () => {
    assert.equal(
      formatFingerprint(fingerprintOf({ key: KEY, record: FULL_RECORD })),
      'ff31422af30d953fd94df62ebf114bb0',
    );
    assert.equal(
      formatFingerprint(fingerprintOf({ key: KEY, record: EMPTY_RECORD })),
      'e50df07588c15e29797c1cc3ca2b391c',
    );
  });
});
