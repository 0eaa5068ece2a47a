/** What a change of mode means, in words: what the node does, what holds no longer, and what is expected to end it. */

import type { Mode } from '../../net/presence/heartbeat.ts';

export interface Consequences {
  readonly actions: readonly string[];
  readonly weaker: readonly string[];
  readonly recovery: string;
}

const CONSEQUENCES: Readonly<Record<Mode, Consequences>> = {
  normal: { actions: [], weaker: [], recovery: 'none needed' },
  'catch-up': {
    actions: ['reconciles with every member in reach whose records differ'],
    weaker: ['reads may lack what other members know', 'blocks finished elsewhere may be validated again'],
    recovery: 'normal once each member in reach has agreed or left nothing over, and the queues are short',
  },
  degraded: {
    actions: [
      'serves reads, takes in writes and validates with what is here',
      'dials the missing members again and again',
    ],
    weaker: ['reads lack what members out of reach do', 'a block may be validated on both sides of a partition'],
    recovery: 'catch-up as soon as a majority of the members is heard of again',
  },
  strong: {
    actions: ['puts operations into one order through the consensus store'],
    weaker: ['nothing of it goes on without that store'],
    recovery: 'normal once these operations are done',
  },
};

export function consequencesOf(mode: Mode, claiming: 'on' | 'paused'): Consequences {
  const consequences = CONSEQUENCES[mode];
  if (claiming === 'on') return consequences;
  return { ...consequences, actions: [...consequences.actions, 'claims no block'] };
}
