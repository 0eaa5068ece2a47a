/** Success is final: a node that has shown a block as finished never shows it otherwise. */

import { blockId, type BlockId, type BlockKey } from '../../../crdt/ids.ts';
import type { Machine } from '../machine.ts';
import type { Invariant } from './invariant.ts';
import { shortBlock } from '../event-line.ts';

export const SUCCESS_IS_FINAL: Invariant = {
  name: 'success-is-final',
  promise: 'a block that a node shows as Success it shows as Success for as long as it runs',
  watch(_, violate) {
    const finished = new Map<Machine, { readonly life: number; readonly blocks: Map<BlockId, BlockKey> }>();
    return {
      onEvent(machine, event) {
        if (event.type !== 'block-finished') return;
        const known = finished.get(machine);
        const { life } = machine;
        const blocks = known?.life === life ? known.blocks : new Map<BlockId, BlockKey>();
        finished.set(machine, { life, blocks: blocks.set(blockId(event.key), event.key) });
      },
      look() {
        for (const [{ node, name, life: now }, { life, blocks }] of finished) {
          if (life !== now) continue;
          for (const key of blocks.values()) {
            if (node === undefined || node.view(key).status === 'success') continue;
            const { status } = node.view(key);
            violate({ key, detail: `${name} shows ${shortBlock(key)} as ${status} after it had shown Success` });
            return;
          }
        }
      },
    };
  },
};
