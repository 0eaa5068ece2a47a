/**
 * The messages of the clock protocol: a request of one byte, an answer of fixed length. Grammar: docs/protocol.md.
 *
 * Invariant: an answer that decodes is consistent in itself: nothing in it lies before the run began, and the request
 * was received before the answer was sent.
 */

import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { readVersion } from '../framing/version.ts';

export const CLOCK_PROTOCOL = '/driftlock/clock/1';
export const CLOCK_VERSION = 1;
/** Of every number in an answer. */
const NUMBER_BYTES = 6;
export const CLOCK_ANSWER_BYTES = 1 + 5 * NUMBER_BYTES;
/** Runs are numbered by chance, so that a peer that has restarted is told from one whose clock was turned. */
export const CLOCK_RUN_MAX = 2 ** (8 * NUMBER_BYTES) - 1;

export interface ClockAnswer {
  /** Which run of the peer's monotonic clock this is, 0…CLOCK_RUN_MAX. */
  readonly run: number;
  /** When the request arrived, since the run began, on its monotonic clock. */
  readonly receivedMs: number;
  /** When the answer was sent, likewise. */
  readonly sentMs: number;
  /** Its wall clock, Unix milliseconds, when the answer was sent. */
  readonly wallMs: number;
  /** For how long before the answer was sent its wall clock has not been stepped, as far as the peer noticed. */
  readonly steadyForMs: number;
}

const REQUEST = new Uint8Array([CLOCK_VERSION]);

export function encodeClockRequest(): Uint8Array {
  return REQUEST;
}

/** Throws `DecodeError` unless `byte` is a request. */
export function checkClockRequest(byte: number): void {
  readVersion(new Reader(Uint8Array.of(byte)), 'clock request', CLOCK_VERSION);
}

/** Times are cut to microseconds, the wall clock to milliseconds. */
export function encodeClockAnswer(answer: ClockAnswer): Uint8Array {
  return new Writer(CLOCK_ANSWER_BYTES)
    .u8(CLOCK_VERSION)
    .uintBE(answer.run, NUMBER_BYTES)
    .uintBE(microseconds(answer.receivedMs), NUMBER_BYTES)
    .uintBE(microseconds(answer.sentMs), NUMBER_BYTES)
    .uintBE(Math.floor(answer.wallMs), NUMBER_BYTES)
    .uintBE(microseconds(answer.steadyForMs), NUMBER_BYTES)
    .finish();
}

/** Throws `DecodeError`. */
export function decodeClockAnswer(bytes: Uint8Array): ClockAnswer {
  const reader = new Reader(bytes);
  readVersion(reader, 'clock answer', CLOCK_VERSION);
  const run = reader.uintBE('clock answer run', NUMBER_BYTES);
  const receivedUs = reader.uintBE('clock answer received', NUMBER_BYTES);
  const sentAt = reader.offset;
  const sentUs = reader.uintBE('clock answer sent', NUMBER_BYTES);
  const wallMs = reader.uintBE('clock answer wall clock', NUMBER_BYTES);
  const steadyAt = reader.offset;
  const steadyUs = reader.uintBE('clock answer steady', NUMBER_BYTES);
  reader.end('clock answer');
  if (sentUs < receivedUs) {
    const expected = `at least ${receivedUs}, when the request was received`;
    throw reader.fail('ERR_OUT_OF_RANGE', 'clock answer sent', expected, `${sentUs}`, sentAt);
  }
  if (steadyUs > sentUs) {
    const expected = `at most ${sentUs}, as old as the run`;
    throw reader.fail('ERR_OUT_OF_RANGE', 'clock answer steady', expected, `${steadyUs}`, steadyAt);
  }
  return {
    run,
    receivedMs: receivedUs / 1000,
    sentMs: sentUs / 1000,
    wallMs,
    steadyForMs: steadyUs / 1000,
  };
}

function microseconds(ms: number): number {
  return Math.floor(ms * 1000);
}
