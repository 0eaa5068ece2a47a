/**
 * A file of an in-memory disk, whatever its names, and what a power loss leaves of it.
 *
 * Invariant: content that was synced survives; of what was not, any part that a kernel could have written by then.
 */

import { equalBytes } from '../../crdt/bytes.ts';
import type { RandomInteger } from '../../net/clock.ts';
import type { FileIdentity } from './disk.ts';

/** What the kernel writes back as one. */
const PAGE_BYTES = 4_096;

export interface MemoryInode {
  readonly number: bigint;
  bytes: Uint8Array;
  modifiedNs: bigint;
  /** What a power loss leaves of the content for certain, never longer than it: nothing, until it is synced. */
  durableBytes: Uint8Array;
  /** How many visible names it has. */
  links: number;
}

export function identityOf(inode: MemoryInode): FileIdentity {
  return { inode: inode.number, sizeBytes: inode.bytes.length, modifiedNs: inode.modifiedNs };
}

/**
 * The inode as the next boot finds it: as much of the content that was not synced as `random` says. What was appended
 * survives as a prefix; of what was overwritten in place each page is the old or the new one.
 */
export function afterPowerLoss(inode: MemoryInode, random: RandomInteger): MemoryInode {
  const { number, modifiedNs, bytes, durableBytes } = inode;
  const survived = bytes.slice(0, durableBytes.length + random(bytes.length - durableBytes.length + 1));
  const overwrittenBytes = bytes === durableBytes ? 0 : durableBytes.length;
  for (let at = 0; at < overwrittenBytes; at += PAGE_BYTES) {
    const old = durableBytes.subarray(at, at + PAGE_BYTES);
    if (!equalBytes(old, bytes.subarray(at, at + old.length)) && random(2) === 0) survived.set(old, at);
  }
  return { number, modifiedNs, bytes: survived, durableBytes: survived, links: 0 };
}

/** Flips a bit that `random` chooses, of a content that is not empty, also on the platter; tells which. */
export function flipBit(inode: MemoryInode, random: RandomInteger): number {
  const bit = random(inode.bytes.length * 8);
  const flipped = (bytes: Uint8Array): Uint8Array =>
    bytes.map((byte, at) => (at === bit >>> 3 ? byte ^ (1 << (bit & 7)) : byte));
  const isDurable = inode.durableBytes === inode.bytes;
  inode.bytes = flipped(inode.bytes);
  inode.durableBytes = isDurable ? inode.bytes : flipped(inode.durableBytes);
  return bit;
}
