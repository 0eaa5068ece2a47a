/** Disagreement is never hidden: where validators found different things, every node shows a dispute with all of them. */

import type { Invariant } from './invariant.ts';
import { shortBlock } from '../event-line.ts';

export const DISPUTES_KEPT: Invariant = {
  name: 'disputes-kept',
  promise: 'two different roots that were acknowledged for one block are both kept and shown as a dispute',
  watch: ({ machines, blocks, ledger }, violate) => ({
    atEnd() {
      for (const { key } of blocks) {
        const successes = ledger.of(key).filter(({ result }) => result.verdict === 'success');
        const roots = [...new Set(successes.map(({ result }) => result.stateRoot))];
        if (roots.length < 2) continue;
        for (const { node, name } of machines) {
          const shown = node?.view(key).dispute?.roots ?? [];
          if (roots.every((root) => shown.includes(root))) continue;
          violate({
            key,
            detail: `${name} shows ${shown.length} of the ${roots.length} roots found for ${shortBlock(key)}`,
          });
          return;
        }
      }
    },
  }),
};
