/**
 * Writes to open files until everything is written.
 *
 * Invariant: what resolves has written every byte at its place. The system may take fewer than it was given, as a disk does that
 * fills up: then the rest is written by further calls, the next of which fails if there is no room.
 */

import { write, writev } from 'node:fs';
import { promisify } from 'node:util';

/** The system's calls, each of which may take fewer bytes than it is given. `position`: null for where the file's own is. */
export interface DescriptorWrites {
  write(
    descriptor: number,
    bytes: Uint8Array,
    start: number,
    lengthBytes: number,
    position: number | null,
  ): Promise<{ bytesWritten: number }>;
  writev(descriptor: number, parts: readonly Uint8Array[], position: number): Promise<{ bytesWritten: number }>;
}

const SYSTEM: DescriptorWrites = { write: promisify(write), writev: promisify(writev) };

/** From `offset` on; where the file's own position is when it is undefined. */
export async function writeAll(
  descriptor: number,
  bytes: Uint8Array,
  offset?: number,
  system: DescriptorWrites = SYSTEM,
): Promise<void> {
  let writtenBytes = 0;
  while (writtenBytes < bytes.length) {
    const position = offset === undefined ? null : offset + writtenBytes;
    const leftBytes = bytes.length - writtenBytes;
    writtenBytes += (await system.write(descriptor, bytes, writtenBytes, leftBytes, position)).bytesWritten;
  }
}

/** One behind the other from `offset` on: one trip to libuv's pool for all, and one for each that the system has left. */
export async function writeParts(
  descriptor: number,
  parts: readonly Uint8Array[],
  offset: number,
  system: DescriptorWrites = SYSTEM,
): Promise<void> {
  let takenBytes = parts.length > 1 ? (await system.writev(descriptor, parts, offset)).bytesWritten : 0;
  let position = offset;
  for (const part of parts) {
    const there = Math.min(takenBytes, part.length);
    if (there < part.length) await writeAll(descriptor, part.subarray(there), position + there, system);
    takenBytes -= there;
    position += part.length;
  }
}
