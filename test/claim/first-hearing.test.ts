import assert from 'node:assert/strict';
import {
  ALONE_MS_MAX,
  decideHearing,
  HEARING_MS_MAX,
  type HearingDecision,
  type HearingSituation,
} from '../../src/claim/first-hearing.ts';

/** Connected to one peer that said nothing yet. */
const JOINED: HearingSituation = { joinedForMs: 0, agreements: [undefined], hasReconciled: false };

const TABLE: readonly [sentence: string, situation: Partial<HearingSituation>, decision: HearingDecision][] = [
  [
    'waits for its first peer as long as a node alone waits',
    { agreements: [], joinedForMs: 10 },
    { isOver: false, lookInMs: ALONE_MS_MAX - 10 },
  ],
  ['is over when nobody was connected by then', { agreements: [], joinedForMs: ALONE_MS_MAX }, over('alone')],
  ['waits for the heartbeat of a peer', { joinedForMs: 1 }, { isOver: false, lookInMs: HEARING_MS_MAX - 1 }],
  ['is over once a peer says what this node knows', { agreements: ['agree'] }, over('agrees')],
  ['is over when one of several does', { agreements: ['differ', 'agree'] }, over('agrees')],
  [
    'waits for every peer that is connected',
    { agreements: ['agree', undefined], hasReconciled: true },
    { isOver: false, lookInMs: HEARING_MS_MAX },
  ],
  [
    'waits while peers know something else',
    { agreements: ['differ', 'differ'] },
    { isOver: false, lookInMs: HEARING_MS_MAX },
  ],
  [
    'is over after a session, though more happened since',
    { agreements: ['differ'], hasReconciled: true },
    over('reconciled'),
  ],
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
