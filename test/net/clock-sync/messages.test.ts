import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  checkClockRequest,
  CLOCK_ANSWER_BYTES,
  CLOCK_RUN_MAX,
  decodeClockAnswer,
  encodeClockAnswer,
  encodeClockRequest,
  type ClockAnswer,
} from '../../../net/clock-sync/messages.ts';
import { holds } from '../../properties.ts';
import { assertDecodeFails, assertSurvivesSpoiling } from '../spoiled-bytes.ts';

const answer: ClockAnswer = {
  run: 0x010203040506,
  receivedMs: 1_000.25,
  sentMs: 1_000.5,
  wallMs: 1_700_000_000_000,
  steadyForMs: 999.125,
};
const GOLDEN_REQUEST = '01';
const GOLDEN_ANSWER = ['01', '010203040506', '0000000f433a', '0000000f4434', '018bcfe56800', '0000000f3ed5'].join('');

const us = fc.nat(2 ** 48 - 1);
const arbitraryAnswer: fc.Arbitrary<ClockAnswer> = fc
  .record({ run: fc.nat(CLOCK_RUN_MAX), times: fc.tuple(us, us, us), wallMs: us })
  .map(({ run, times, wallMs }) => {
    const [first = 0, second = 0, third = 0] = times.toSorted((a, b) => a - b);
    return { run, wallMs, receivedMs: second / 1000, sentMs: third / 1000, steadyForMs: first / 1000 };
  });

/** {@link answer} with its field number `at` replaced. */
function withField(at: number, value: number): Uint8Array {
  const bytes = Buffer.from(GOLDEN_ANSWER, 'hex');
  bytes.writeUIntBE(value, 1 + 6 * at, 6);
  return bytes;
}

describe('the messages of the clock protocol', () => {
  it('have these bytes', () => {
    assert.equal(Buffer.from(encodeClockRequest()).toString('hex'), GOLDEN_REQUEST);
    assert.equal(Buffer.from(encodeClockAnswer(answer)).toString('hex'), GOLDEN_ANSWER);
    assert.equal(GOLDEN_ANSWER.length, 2 * CLOCK_ANSWER_BYTES);
    assert.deepEqual(decodeClockAnswer(Buffer.from(GOLDEN_ANSWER, 'hex')), answer);
  });

  it('decode to what was encoded, times to the microsecond below', () => {
    holds(
      fc.property(arbitraryAnswer, (given) => {
        const decoded = decodeClockAnswer(encodeClockAnswer(given));
        for (const field of ['receivedMs', 'sentMs', 'steadyForMs'] as const) {
          const lostMs = given[field] - decoded[field];
          assert.ok(lostMs >= -1e-9 * given[field] && lostMs <= 0.001 + 1e-9 * given[field], `${lostMs}`);
        }
        assert.deepEqual([decoded.run, decoded.wallMs], [given.run, given.wallMs]);
      }),
    );
  });

  it('spoiled in any bit or cut anywhere are undecodable or other ones', () => {
    assertSurvivesSpoiling(encodeClockAnswer(answer), decodeClockAnswer);
  });

  it('are refused when the version is another', () => {
    assert.doesNotThrow(() => checkClockRequest(1));
    for (const byte of [0, 2, 255]) {
      assertDecodeFails(() => checkClockRequest(byte), 'ERR_UNKNOWN_VERSION', 'clock request version');
    }
    const bytes = encodeClockAnswer(answer);
    bytes[0] = 2;
    assertDecodeFails(() => decodeClockAnswer(bytes), 'ERR_UNKNOWN_VERSION', 'clock answer version');
  });

  it('are refused when they were sent before the request came, or were steady before the run began', () => {
    const [receivedAt, sentAt, steadyAt] = [1, 2, 4];
    const sentUs = 1_000_500;
    assert.doesNotThrow(() => decodeClockAnswer(withField(receivedAt, sentUs)));
    assertDecodeFails(
      () => decodeClockAnswer(withField(receivedAt, sentUs + 1)),
      'ERR_OUT_OF_RANGE',
      'clock answer sent',
    );
    assertDecodeFails(() => decodeClockAnswer(withField(sentAt, 1_000_249)), 'ERR_OUT_OF_RANGE', 'clock answer sent');
    assert.doesNotThrow(() => decodeClockAnswer(withField(steadyAt, sentUs)));
    assertDecodeFails(
      () => decodeClockAnswer(withField(steadyAt, sentUs + 1)),
      'ERR_OUT_OF_RANGE',
      'clock answer steady',
    );
  });
});
