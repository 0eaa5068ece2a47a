/**
 * The way between two nodes in memory, and what befalls the bytes on it.
 *
 * Invariant: what happens is a function of the faults set and the numbers drawn; a fault that is off draws nothing.
 */

import type { RandomInteger } from '../clock.ts';
import type { StreamPair } from './stream-pair.ts';

/** What a link does to what crosses it. Streams are delayed only: like TCP's, their bytes are neither lost nor repeated. */
export interface LinkFaults {
  /** Gossip messages lost, of a thousand. */
  readonly lossPermille: number;
  /** Gossip messages delivered twice, of a thousand that are not lost. */
  readonly repeatPermille: number;
  /** One-way delay, uniform from the minimum to the maximum, drawn for each message. Unequal ones reorder gossip. */
  readonly delayMsMin: number;
  readonly delayMsMax: number;
}

export const NO_FAULTS: LinkFaults = { lossPermille: 0, repeatPermille: 0, delayMsMin: 0, delayMsMax: 0 };

/** One direction of a link. */
export interface LinkDirection {
  faults: LinkFaults;
  /** Nothing gets through: gossip is lost, what is on a stream waits, as TCP sends it again and again. */
  isBlocked: boolean;
  readonly waiting: (() => void)[];
}

export interface MemoryLink {
  isCut: boolean;
  /** Counts interruptions. What was on the way in an earlier generation is lost. */
  generation: number;
  readonly streams: Set<StreamPair>;
  /** From the node with the smaller id to the other, and back. */
  readonly forth: LinkDirection;
  readonly back: LinkDirection;
}

export function newLink(): MemoryLink {
  return { isCut: false, generation: 0, streams: new Set(), forth: newDirection(), back: newDirection() };
}

function newDirection(): LinkDirection {
  return { faults: NO_FAULTS, isBlocked: false, waiting: [] };
}

/** The delays of the copies of one gossip message that arrive, in milliseconds: none, one or two. */
export function deliveryDelaysMs(faults: LinkFaults, random: RandomInteger): number[] {
  if (happens(faults.lossPermille, random)) return [];
  const copies = happens(faults.repeatPermille, random) ? 2 : 1;
  return Array.from({ length: copies }, () => drawDelayMs(faults, random));
}

export function drawDelayMs({ delayMsMin, delayMsMax }: LinkFaults, random: RandomInteger): number {
  return delayMsMax === delayMsMin ? delayMsMin : delayMsMin + random(delayMsMax - delayMsMin + 1);
}

function happens(permille: number, random: RandomInteger): boolean {
  return permille > 0 && random(1000) < permille;
}
