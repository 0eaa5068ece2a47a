/** A chain of the tests' own, with real headers. */

import { growChain, type GrownBlock, type GrownHeader } from '../../src/chain/grow.ts';

export interface TestChain {
  /** The root and the blocks: all headers. */
  readonly headers: readonly GrownHeader[];
  readonly blocks: readonly GrownBlock[];
}

export function testChain(count: number): TestChain {
  const { root, blocks } = growChain({ firstNumber: 1_000, count, seed: 'cluster tests' });
  return { headers: [root, ...blocks], blocks };
}
