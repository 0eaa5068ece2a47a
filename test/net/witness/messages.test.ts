import assert from 'node:assert/strict';
import fc from 'fast-check';
import { WITNESS_PAYLOAD_BYTES_MAX } from '../../../crdt/block/witness.ts';
import { hashFromBytes } from '../../../crdt/ids.ts';
import { decodeWitnessAnswer, decodeWitnessRequest, encodeWitnessAnswer } from '../../../net/witness/messages.ts';
import { encodeWitnessRequest, type WitnessAnswer } from '../../../net/witness/messages.ts';
import { hashOf } from '../../crdt/block/arbitraries.ts';
import { holds } from '../../properties.ts';
import { assertDecodeFails, assertSurvivesSpoiling } from '../spoiled-bytes.ts';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

const arbitraryAnswer: fc.Arbitrary<WitnessAnswer> = fc.oneof(
  fc.nat(WITNESS_PAYLOAD_BYTES_MAX).map((payloadBytes) => ({ status: 'found', payloadBytes }) as const),
  fc.constantFrom({ status: 'not-found' } as const, { status: 'busy' } as const),
);

describe('the messages of the witness protocol', () => {
  it('have these bytes', () => {
    assert.equal(hex(encodeWitnessRequest(hashOf(1))), `01b0${'00'.repeat(30)}01`);
    assert.equal(hex(encodeWitnessAnswer({ status: 'found', payloadBytes: 14_000 })), '0100000036b0');
    assert.equal(hex(encodeWitnessAnswer({ status: 'not-found' })), '010100000000');
    assert.equal(hex(encodeWitnessAnswer({ status: 'busy' })), '010200000000');
  });

  it('decode to what was encoded', () => {
    holds(
      fc.property(arbitraryAnswer, (answer) =>
        assert.deepEqual(decodeWitnessAnswer(encodeWitnessAnswer(answer)), answer),
      ),
    );
    const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hashFromBytes);
    holds(fc.property(digest, (each) => assert.equal(decodeWitnessRequest(encodeWitnessRequest(each)), each)));
  });

  it('spoiled in any bit or cut anywhere are undecodable or another one', () => {
    assertSurvivesSpoiling(encodeWitnessRequest(hashOf(1)), decodeWitnessRequest);
    assertSurvivesSpoiling(encodeWitnessAnswer({ status: 'found', payloadBytes: 14_000 }), decodeWitnessAnswer);
  });

  it('offer payloads up to WITNESS_PAYLOAD_BYTES_MAX, and not one byte more', () => {
    const most = encodeWitnessAnswer({ status: 'found', payloadBytes: WITNESS_PAYLOAD_BYTES_MAX });
    assert.deepEqual(decodeWitnessAnswer(most), { status: 'found', payloadBytes: WITNESS_PAYLOAD_BYTES_MAX });
    const beyond = encodeWitnessAnswer({ status: 'found', payloadBytes: WITNESS_PAYLOAD_BYTES_MAX + 1 });
    assertDecodeFails(() => decodeWitnessAnswer(beyond), 'ERR_OVER_LIMIT', 'witness answer size');
  });

  it('of another version, an unknown status, or nothing with a size are refused', () => {
    assertDecodeFails(() => decodeWitnessRequest(new Uint8Array(33)), 'ERR_UNKNOWN_VERSION', 'witness request version');
    assertDecodeFails(() => decodeWitnessAnswer(new Uint8Array([2, 0, 0, 0, 0, 0])), 'ERR_UNKNOWN_VERSION', 'witness');
    assertDecodeFails(() => decodeWitnessAnswer(new Uint8Array([1, 3, 0, 0, 0, 0])), 'ERR_BAD_ENUM', 'witness answer');
    assertDecodeFails(
      () => decodeWitnessAnswer(new Uint8Array([1, 1, 0, 0, 0, 1])),
      'ERR_OVER_LIMIT',
      'witness answer',
    );
  });
});
