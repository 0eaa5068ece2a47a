/** Every block is finished: nothing that went wrong keeps a block from being validated in the end. */

import type { Invariant } from './invariant.ts';
import { shortBlock } from '../event-line.ts';

export const BLOCKS_FINISHED: Invariant = {
  name: 'every-block-finished',
  promise: 'every block with a witness comes to Success, on every node',
  watch: ({ machines, blocks }, violate) => ({
    atEnd() {
      for (const { key } of blocks) {
        for (const { node, name, state } of machines) {
          const status = node?.view(key).status ?? `nothing (${state})`;
          if (status === 'success') continue;
          violate({ key, detail: `${name} shows ${shortBlock(key)} as ${status} when all else is done` });
          return;
        }
      }
    },
  }),
};
