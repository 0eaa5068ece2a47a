/** Epochs fence: a claim carries a higher epoch than any claim or result that the claimant knew. */

import type { Invariant } from './invariant.ts';
import { shortBlock } from '../event-line.ts';

export const EPOCHS_FENCE: Invariant = {
  name: 'epochs-fence',
  promise: 'a claim carries a higher epoch than every lease and result of the block that its node knew',
  watch: (_, violate) => ({
    onEvent(machine, event) {
      if (event.type !== 'claimed') return;
      const record = machine.node?.replica.get(event.key);
      const known = Math.max(record?.lease?.epoch ?? 0, ...(record?.results ?? []).map(({ epoch }) => epoch));
      if (event.epoch > known) return;
      violate({
        key: event.key,
        detail: `${machine.name} claims ${shortBlock(event.key)} in epoch ${event.epoch}, and knew epoch ${known}`,
      });
    },
  }),
};
