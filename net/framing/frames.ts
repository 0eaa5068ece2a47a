/**
 * Frames on a byte stream: an unsigned varint length and that many bytes (it-length-prefixed), composed with it-pipe.
 *
 * Invariant: no more than one frame of at most `frameBytesMax` bytes and one chunk of the stream are held, and a longer
 * frame is refused when its length has arrived, before its bytes do.
 */

import { decode, encode } from 'it-length-prefixed';
import { streamFailed } from '../transport-error.ts';
import type { ChunkReader } from './chunk-reader.ts';
import { PeerMisbehaved } from './peer-misbehaved.ts';

/** Four bytes of a varint reach 256 MiB, more than any frame. */
const LENGTH_BYTES_MAX = 4;
const FRAME_BYTES_MAX = 0x80 ** LENGTH_BYTES_MAX - 1;

interface LengthBytes {
  readonly byteLength: number;
  get(index: number): number;
}

/** Frames as chunks for a stream. What their receiver takes is for each protocol to know. */
export function encodeFrames(frames: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // The library's own limit is 4 MiB.
  return encode(frames, { maxDataLength: FRAME_BYTES_MAX });
}

/** Several frames as one chunk. */
export function joinFrames(frames: Iterable<Uint8Array>): Uint8Array {
  return Buffer.concat([...encode(frames, { maxDataLength: FRAME_BYTES_MAX })]);
}

/**
 * The frames that chunks of a stream hold. Throws `PeerMisbehaved` for a frame over `frameBytesMax` or a length that is
 * not the shortest varint, `ERR_STREAM_FAILED` when the stream ends in mid-frame. Leaving the loop keeps what follows
 * in `source`, except the rest of a chunk that was begun.
 */
export async function* decodeFrames(
  source: AsyncIterable<Uint8Array>,
  protocol: string,
  frameBytesMax: number,
): AsyncGenerator<Uint8Array> {
  const decoded = decode(source, { lengthDecoder: boundedLength(frameBytesMax), maxDataLength: frameBytesMax });
  try {
    for await (const frame of decoded) yield frame.subarray();
  } catch (error) {
    if (isUnexpectedEnd(error)) throw streamFailed(protocol, 'its end in the middle of a frame', error);
    throw error;
  }
}

/**
 * The length of the frame that `reader` comes to, whose bytes are next; undefined at the end of the stream. For frames that
 * are not to be held whole. Throws as `decodeFrames` does.
 */
export async function readFrameLength(
  reader: ChunkReader,
  protocol: string,
  frameBytesMax: number,
): Promise<number | undefined> {
  let length = 0;
  for (let at = 0; at < LENGTH_BYTES_MAX; at++) {
    const byte = await reader.byte();
    if (byte === undefined && at > 0) throw streamFailed(protocol, 'its end in the middle of a frame');
    if (byte === undefined) return undefined;
    length += lengthPart(byte, at);
    if (isLastOfLength(byte)) return checkLength(length, at, byte, frameBytesMax);
  }
  throw lengthTooLong();
}

/** it-length-prefixed takes a `RangeError` for a length that has not fully arrived; whatever else is thrown ends the decoding. */
function boundedLength(frameBytesMax: number): { (data: LengthBytes): number; bytes: number } {
  const decodeLength = (data: LengthBytes): number => {
    let length = 0;
    for (let at = 0; at < LENGTH_BYTES_MAX; at++) {
      if (at >= data.byteLength) throw new RangeError('the length has not fully arrived');
      const byte = data.get(at);
      length += lengthPart(byte, at);
      if (!isLastOfLength(byte)) continue;
      decodeLength.bytes = at + 1;
      return checkLength(length, at, byte, frameBytesMax);
    }
    throw lengthTooLong();
  };
  decodeLength.bytes = 0;
  return decodeLength;
}

/** What byte `at` of a varint adds to its value. */
function lengthPart(byte: number, at: number): number {
  return (byte & 0x7f) * 0x80 ** at;
}

function isLastOfLength(byte: number): boolean {
  return byte < 0x80;
}

/** `length`, which ends with `lastByte`, the one at `at`. */
function checkLength(length: number, at: number, lastByte: number, frameBytesMax: number): number {
  if (lastByte === 0 && at > 0) throw badLength('the shortest varint', 'a longer one');
  if (length > frameBytesMax) throw badLength(`at most ${frameBytesMax} bytes`, `${length}`);
  return length;
}

function lengthTooLong(): PeerMisbehaved {
  return badLength(`at most ${LENGTH_BYTES_MAX} bytes of varint`, 'a longer one');
}

function badLength(expected: string, found: string): PeerMisbehaved {
  return new PeerMisbehaved({ argument: 'frame length', expected, found });
}

function isUnexpectedEnd(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_UNEXPECTED_EOF';
}
