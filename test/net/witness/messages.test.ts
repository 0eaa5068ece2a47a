import assert from 'node:assert/strict';
import fc from 'fast-check';
import { chunkCount } from '../../../crdt/block/payload-digest.ts';
import { WITNESS_PAYLOAD_BYTES_MAX, type WitnessDescription } from '../../../crdt/block/witness.ts';
import { Writer } from '../../../crdt/codec/writer.ts';
import {
  CHALLENGE_BYTES_MAX,
  CHALLENGE_RANGES_MAX,
  CONTRACT_LINE_PARTS_MAX,
  WITNESS_ANSWER_FRONT_BYTES,
  WITNESS_REQUEST_BYTES_MAX,
} from '../../../net/witness/limits.ts';
import {
  decodeAnswerFront,
  decodeDescription,
  decodeWitnessRequest,
  encodeDescription,
  encodeWitnessAnswer,
  encodeWitnessRequest,
  type WitnessAnswer,
  type WitnessRequest,
} from '../../../net/witness/messages.ts';
import { hashOf } from '../../crdt/block/arbitraries.ts';
import { holds } from '../../properties.ts';
import { assertDecodeFails, assertSurvivesSpoiling } from '../spoiled-bytes.ts';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

const digest = fc.nat(1_000).map(hashOf);
const range = fc
  .tuple(fc.nat(WITNESS_PAYLOAD_BYTES_MAX), fc.nat(CHALLENGE_BYTES_MAX / CHALLENGE_RANGES_MAX))
  .map(([offset, lengthBytes]) => ({ offset, lengthBytes }));
const arbitraryRequest: fc.Arbitrary<WitnessRequest> = fc.oneof(
  digest.map((payloadDigest) => ({ kind: 'chunk-list', payloadDigest }) as const),
  fc
    .tuple(digest, fc.nat(chunkCount(WITNESS_PAYLOAD_BYTES_MAX) - 1))
    .map(([payloadDigest, index]) => ({ kind: 'chunk', payloadDigest, index }) as const),
  fc
    .tuple(digest, digest, fc.array(range, { maxLength: CHALLENGE_RANGES_MAX }))
    .map(([payloadDigest, nonce, ranges]) => ({ kind: 'challenge', payloadDigest, nonce, ranges }) as const),
);
const arbitraryContractRequest: fc.Arbitrary<WitnessRequest> = fc.oneof(
  fc.constant({ kind: 'contract-buckets' } as const),
  fc.nat(255).map((bucket) => ({ kind: 'contract-hashes', bucket }) as const),
  fc
    .tuple(digest, fc.nat(CONTRACT_LINE_PARTS_MAX - 1))
    .map(([contract, part]) => ({ kind: 'contract-line', contract, part }) as const),
  fc.nat(10_000).map((number) => ({ kind: 'description', key: { number, hash: hashOf(number) } }) as const),
);
const arbitraryAnswer: fc.Arbitrary<WitnessAnswer> = fc.oneof(
  fc.uint8Array({ maxLength: 64 }).map((body) => ({ status: 'found', body }) as const),
  fc.constantFrom({ status: 'not-found' } as const, { status: 'busy' } as const),
);

const challenge = (ranges: Extract<WitnessRequest, { kind: 'challenge' }>['ranges']): Uint8Array =>
  encodeWitnessRequest({ kind: 'challenge', payloadDigest: hashOf(1), nonce: hashOf(2), ranges });
const line = (part: number): Uint8Array => encodeWitnessRequest({ kind: 'contract-line', contract: hashOf(1), part });
const chunk = (index: number): Uint8Array => encodeWitnessRequest({ kind: 'chunk', payloadDigest: hashOf(1), index });

const DESCRIPTION: WitnessDescription = {
  state: 'Completed',
  payloadDigest: hashOf(1),
  payloadBytes: 300,
  parentHash: hashOf(2),
  preStateRoot: hashOf(3),
  lockTimeSeconds: 7n,
  blobIds: [hashOf(4)],
};

describe('the messages of the witness protocol', () => {
  it('have these bytes', () => {
    const one = `b0${'00'.repeat(30)}01`;
    assert.equal(hex(encodeWitnessRequest({ kind: 'chunk-list', payloadDigest: hashOf(1) })), `0200${one}`);
    assert.equal(hex(chunk(300)), `0201${one}ac02`);
    const asked = challenge([{ offset: 5, lengthBytes: 4_096 }]);
    assert.equal(hex(asked), `0202${one}b0${'00'.repeat(30)}0201058020`);
    assert.equal(hex(encodeWitnessRequest({ kind: 'contract-buckets' })), '0203');
    assert.equal(hex(encodeWitnessRequest({ kind: 'contract-hashes', bucket: 255 })), '0204ff');
    assert.equal(hex(line(3)), `0205${one}03`);
    const described = { kind: 'description', key: { number: 300, hash: hashOf(1) } } as const;
    assert.equal(hex(encodeWitnessRequest(described)), `0206ac02${one}`);
    assert.equal(
      hex(encodeDescription(DESCRIPTION)),
      `06${one}ac02b0${'00'.repeat(30)}02b0${'00'.repeat(30)}03000000000000000701b0${'00'.repeat(30)}04`,
    );
    assert.equal(hex(encodeWitnessAnswer({ status: 'found', body: Uint8Array.of(7, 8) })), '02000708');
    assert.equal(hex(encodeWitnessAnswer({ status: 'not-found' })), '0201');
    assert.equal(hex(encodeWitnessAnswer({ status: 'busy' })), '0202');
  });

  it('decode to what was encoded, and no request is longer than its frame', () => {
    holds(
      fc.property(fc.oneof(arbitraryRequest, arbitraryContractRequest), (request) => {
        const bytes = encodeWitnessRequest(request);
        assert.deepEqual(decodeWitnessRequest(bytes), request);
        assert(bytes.length <= WITNESS_REQUEST_BYTES_MAX);
      }),
    );
    holds(
      fc.property(arbitraryAnswer, (answer) => {
        const bytes = encodeWitnessAnswer(answer);
        const [front, body] = [bytes.subarray(0, WITNESS_ANSWER_FRONT_BYTES), bytes.slice(WITNESS_ANSWER_FRONT_BYTES)];
        assert.equal(decodeAnswerFront(front, body.length), answer.status);
        if (answer.status === 'found') assert.deepEqual(body, answer.body);
      }),
    );
  });

  it('describe a witness, of a payload of WITNESS_PAYLOAD_BYTES_MAX and not of one byte more', () => {
    const longest = { ...DESCRIPTION, payloadBytes: WITNESS_PAYLOAD_BYTES_MAX };
    assert.deepEqual(decodeDescription(encodeDescription(longest)), longest);
    const longer = encodeDescription({ ...DESCRIPTION, payloadBytes: WITNESS_PAYLOAD_BYTES_MAX + 1 });
    assertDecodeFails(() => decodeDescription(longer), 'ERR_OVER_LIMIT', 'witness payload size');
    const unannounced = Uint8Array.of(1, ...encodeDescription(DESCRIPTION).subarray(1));
    assertDecodeFails(() => decodeDescription(unannounced), 'ERR_BAD_ENUM', 'witness state');
    assertSurvivesSpoiling(encodeDescription(DESCRIPTION), decodeDescription);
  });

  it('spoiled in any bit or cut anywhere are undecodable or another one', () => {
    assertSurvivesSpoiling(chunk(1), decodeWitnessRequest);
    assertSurvivesSpoiling(challenge([{ offset: 1, lengthBytes: 2 }]), decodeWitnessRequest);
  });

  it('ask for the last chunk that a payload can have, and for none beyond', () => {
    const last = chunkCount(WITNESS_PAYLOAD_BYTES_MAX) - 1;
    assert.deepEqual(decodeWitnessRequest(chunk(last)), { kind: 'chunk', payloadDigest: hashOf(1), index: last });
    assertDecodeFails(() => decodeWitnessRequest(chunk(last + 1)), 'ERR_OVER_LIMIT', 'chunk index');
  });

  it('challenge CHALLENGE_RANGES_MAX ranges of CHALLENGE_BYTES_MAX in all, and neither one more', () => {
    const ranges = Array.from({ length: CHALLENGE_RANGES_MAX }, () => ({
      offset: 0,
      lengthBytes: CHALLENGE_BYTES_MAX / CHALLENGE_RANGES_MAX,
    }));
    const decoded = decodeWitnessRequest(challenge(ranges));
    assert(decoded.kind === 'challenge');
    assert.deepEqual(decoded.ranges, ranges);
    const oneRangeMore = [...ranges, { offset: 0, lengthBytes: 0 }];
    assertDecodeFails(() => decodeWitnessRequest(challenge(oneRangeMore)), 'ERR_OVER_LIMIT', 'challenge range count');
    const oneByteMore = [{ offset: 0, lengthBytes: CHALLENGE_BYTES_MAX + 1 }];
    assertDecodeFails(() => decodeWitnessRequest(challenge(oneByteMore)), 'ERR_OVER_LIMIT', 'challenge range length');
  });

  it('ask for the last part that a contract line can have, and for none beyond', () => {
    const last = CONTRACT_LINE_PARTS_MAX - 1;
    assert.deepEqual(decodeWitnessRequest(line(last)), { kind: 'contract-line', contract: hashOf(1), part: last });
    assertDecodeFails(() => decodeWitnessRequest(line(last + 1)), 'ERR_OVER_LIMIT', 'contract line part');
  });

  it('of another version, kind or status, or with bytes behind nothing, are refused', () => {
    assertDecodeFails(() => decodeWitnessRequest(new Uint8Array(34)), 'ERR_UNKNOWN_VERSION', 'witness request version');
    const unknownKind = new Writer().u8(2).u8(7).hash(hashOf(1)).finish();
    assertDecodeFails(() => decodeWitnessRequest(unknownKind), 'ERR_BAD_ENUM', 'witness request kind');
    assertDecodeFails(() => decodeAnswerFront(Uint8Array.of(1, 0), 0), 'ERR_UNKNOWN_VERSION', 'witness answer version');
    assertDecodeFails(() => decodeAnswerFront(Uint8Array.of(2, 3), 0), 'ERR_BAD_ENUM', 'witness answer status');
    assertDecodeFails(() => decodeAnswerFront(Uint8Array.of(2), 0), 'ERR_TRUNCATED', 'witness answer status');
    assertDecodeFails(() => decodeAnswerFront(Uint8Array.of(2, 1), 1), 'ERR_TRAILING_BYTES', 'witness answer');
  });
});
