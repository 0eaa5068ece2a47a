import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RecentEvidence, EVIDENCE_A_STEP_MAX, NOTHING_SEEN } from '../../src/dashboard/recent-evidence.ts';
import { EVIDENCE_KEPT_MAX } from '../../src/dashboard/frames.ts';
import { RecentList } from '../../src/dashboard/recent-list.ts';
import { holds } from '../properties.ts';

describe('the last entries of a list', () => {
  it('are given once to each reader, whenever it reads, but for those that have gone out', () => {
    holds(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(fc.nat(30), { maxLength: 12 }), (entriesMax, bursts) => {
        const list = new RecentList<number>(entriesMax);
        let seen = 0;
        let added = 0;
        for (const burst of bursts) {
          for (let at = 0; at < burst; at++) list.add(added++);
          const from = Math.max(seen, added - entriesMax);
          assert.deepEqual(
            list.since(seen),
            Array.from({ length: added - from }, (_, at) => from + at),
          );
          assert.equal(list.all().length, Math.min(added, entriesMax));
          seen = list.count;
        }
      }),
    );
  });
});

const taken = (number: number) =>
  ({ type: 'lease-deferred', block: `${number}.0x${'11'.repeat(32)}`, holder: 'somebody' }) as const;

describe('the recent evidence', () => {
  it('keeps a change of mode through a flood of records of blocks', () => {
    const evidence = new RecentEvidence();
    evidence.note({ type: 'clock-stepped', stepMs: 1_000 }, 1);
    for (let at = 0; at < 10 * EVIDENCE_KEPT_MAX; at++) evidence.note(taken(at), 2 + at);
    const told = evidence.since(NOTHING_SEEN);
    assert.ok(told.length <= EVIDENCE_KEPT_MAX);
    assert.equal(told[0]?.type, 'clock-stepped');
    assert.deepEqual(
      told.map(({ atMs }) => atMs),
      told.map(({ atMs }) => atMs).sort((a, b) => a - b),
    );
  });

  it('tells a page that is open no more than a few records of a flood, the newest', () => {
    const evidence = new RecentEvidence();
    evidence.note(taken(0), 0);
    const { seen } = evidence;
    for (let at = 1; at <= EVIDENCE_A_STEP_MAX + 1; at++) evidence.note(taken(at), at);
    const told = evidence.since(seen);
    assert.equal(told.length, EVIDENCE_A_STEP_MAX);
    assert.equal(told.at(-1)?.atMs, EVIDENCE_A_STEP_MAX + 1);
    assert.deepEqual(evidence.since(evidence.seen), []);
  });

  it('finds what was about one height, and not about one that begins alike', () => {
    const evidence = new RecentEvidence();
    for (const number of [7, 70, 7]) evidence.note(taken(number), number);
    assert.deepEqual(
      evidence.about(7).map(({ block }) => block?.split('.')[0]),
      ['7', '7'],
    );
  });
});
