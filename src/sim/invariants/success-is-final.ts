/** Success is final: a node that has shown a block as finished never shows it otherwise. */

import { blockId, type BlockId, type BlockKey } from '../../../crdt/ids.ts';
import type { Fingerprint } from '../../../crdt/block/fingerprint.ts';
import type { Machine } from '../machine.ts';
import type { Invariant } from './invariant.ts';
import { shortBlock } from '../event-line.ts';

/** What a node has shown in its present life. */
interface Finished {
  readonly life: number;
  readonly blocks: Map<BlockId, BlockKey>;
  /** The node's digest when its blocks were looked at last. */
  lookedAt: Fingerprint | undefined;
}

export const SUCCESS_IS_FINAL: Invariant = {
  name: 'success-is-final',
  promise: 'a block that a node shows as Success it shows as Success for as long as it runs',
  watch(_, violate) {
    const finished = new Map<Machine, Finished>();
    return {
      onEvent(machine, event) {
        if (event.type !== 'block-finished') return;
        const known = finished.get(machine);
        const { life } = machine;
        const blocks = known?.life === life ? known.blocks : new Map<BlockId, BlockKey>();
        finished.set(machine, { life, blocks: blocks.set(blockId(event.key), event.key), lookedAt: undefined });
      },
      look() {
        for (const [{ node, name, life }, known] of finished) {
          // As long as no record changes, none loses its Success.
          if (known.life !== life || node?.replica.digest === known.lookedAt) continue;
          known.lookedAt = node?.replica.digest;
          for (const key of known.blocks.values()) {
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
