import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { encodeRecord } from '../../../crdt/block/record-codec.ts';
import { EMPTY_RECORD } from '../../../crdt/block/record.ts';
import { isFailure } from '../../../crdt/errors.ts';
import {
  BLOCK_ANSWER_BYTES_MAX,
  BLOCK_REQUEST_BYTES_MAX,
  BLOCK_VERSION,
  decodeBlockAnswer,
  decodeBlockRequest,
  encodeBlockAnswer,
  encodeBlockRequest,
} from '../../../net/block/messages.ts';
import { RECORD_BYTES_MAX } from '../../../crdt/block/record-codec.ts';
import { arbitraryRecord, hashOf, KEY } from '../../crdt/block/arbitraries.ts';
import { holds } from '../../properties.ts';
import { bytesToHex } from '../../../crdt/hex.ts';

function refused(bytes: Uint8Array, code: string): void {
  assert.throws(
    () => decodeBlockRequest(bytes),
    (error: unknown) => isFailure(error) && error.code === code,
  );
}

describe('the messages of the block protocol', () => {
  it('have golden bytes', () => {
    const request = encodeBlockRequest({ number: 3_080, hash: hashOf(1) });
    assert.equal(bytesToHex(request), `018818${hashOf(1).slice(2)}`);
    assert.equal(bytesToHex(encodeBlockAnswer(EMPTY_RECORD)), '01');
  });

  it('come back as they went, the largest within its limit', () => {
    holds(
      fc.property(fc.maxSafeNat(), fc.nat(1_000), (number, seed) => {
        const bytes = encodeBlockRequest({ number, hash: hashOf(seed) });
        assert(bytes.length <= BLOCK_REQUEST_BYTES_MAX);
        assert.deepEqual(decodeBlockRequest(bytes), { number, hash: hashOf(seed) });
      }),
    );
    holds(
      fc.property(arbitraryRecord, (record) => {
        assert.deepEqual(encodeRecord(decodeBlockAnswer(encodeBlockAnswer(record))), encodeRecord(record));
      }),
    );
    assert.equal(BLOCK_ANSWER_BYTES_MAX, RECORD_BYTES_MAX + 1);
  });

  it('of other versions, cut short or with more behind them are refused', () => {
    const request = encodeBlockRequest(KEY);
    refused(Uint8Array.of(BLOCK_VERSION + 1, ...request.subarray(1)), 'ERR_UNKNOWN_VERSION');
    refused(request.subarray(0, -1), 'ERR_TRUNCATED');
    refused(Uint8Array.of(...request, 0), 'ERR_TRAILING_BYTES');
    assert.throws(() => decodeBlockAnswer(Uint8Array.of(BLOCK_VERSION, 1, 2, 3)), isFailure);
  });
});
