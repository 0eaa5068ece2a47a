/** What the live feed needs to know of a node. All of it is also answered to JSON-RPC, block by block. */

import type { HeightDetail, Sample, Summary } from './frames.ts';

export interface FeedSource {
  /** Whether the node has read its directory: before, it knows of blocks only by chance. */
  isReady(): boolean;
  summary(): Summary;
  /** See `cellCode`. */
  cell(number: number): number;
  height(number: number): Omit<HeightDetail, 'evidence'>;
  counters(): Omit<Sample, 'atMs'>;
}
