import assert from 'node:assert/strict';
import {
  ALONE_MS_MAX,
  decideHearing,
  HEARING_MS_MAX,
  type HearingDecision,
  type HearingSituation,
} from '../../src/claim/first-hearing.ts';

/** Connected to one peer that said nothing yet. */
const JOINED: HearingSituation = { joinedForMs: 0, peerDigests: [undefined], ownDigest: 1n, hasReconciled: false };

const TABLE: readonly [sentence: string, situation: Partial<HearingSituation>, decision: HearingDecision][] = [
  [
    'waits for its first peer as long as a node alone waits',
    { peerDigests: [], joinedForMs: 10 },
    { isOver: false, lookInMs: ALONE_MS_MAX - 10 },
  ],
  ['is over when nobody was connected by then', { peerDigests: [], joinedForMs: ALONE_MS_MAX }, over('alone')],
  ['waits for the heartbeat of a peer', { joinedForMs: 1 }, { isOver: false, lookInMs: HEARING_MS_MAX - 1 }],
  ['is over once a peer says what this node knows', { peerDigests: [1n] }, over('agrees')],
  ['is over when one of several does', { peerDigests: [2n, 1n] }, over('agrees')],
  [
    'waits for every peer that is connected',
    { peerDigests: [1n, undefined], hasReconciled: true },
    { isOver: false, lookInMs: HEARING_MS_MAX },
  ],
  [
    'waits while peers know something else',
    { peerDigests: [2n, 3n] },
    { isOver: false, lookInMs: HEARING_MS_MAX },
  ],
  ['is over after a session, though more happened since', { peerDigests: [2n], hasReconciled: true }, over('reconciled')],
  ['is over when its time is up', { joinedForMs: HEARING_MS_MAX }, over('time-is-up')],
];

function over(reason: Extract<HearingDecision, { isOver: true }>['reason']): HearingDecision {
  return { isOver: true, reason };
}

describe('the first hearing of a node that has joined', () => {
  for (const [sentence, situation, decision] of TABLE) {
    it(sentence, () => assert.deepEqual(decideHearing({ ...JOINED, ...situation }), decision));
  }
});
