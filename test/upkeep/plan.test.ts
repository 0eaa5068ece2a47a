import assert from 'node:assert/strict';
import fc from 'fast-check';
import { archiveBelow, pruneBelow, settleBelow, type UpkeepSettings } from '../../src/upkeep/plan.ts';
import { holds } from '../properties.ts';

const KEEP_ALL: UpkeepSettings = {
  archiveAfterBlocks: 0,
  settleAfterBlocks: 0,
  retainBlocks: undefined,
  retainMs: undefined,
  retainBytes: undefined,
};

/** Blocks 10 to 19, of 100 bytes each, block n changed at n seconds. */
const KEPT = Array.from({ length: 10 }, (_, at) => ({
  number: 10 + at,
  sizeBytes: 100,
  changedAtMs: (10 + at) * 1_000,
}));
const NOW = { finalNumber: 19, newestFinished: 25, nowMs: 20_000, otherBytes: 200, kept: KEPT };

describe('what is due for final blocks', () => {
  it('is the archive so many blocks behind the last final one', () => {
    assert.equal(archiveBelow(100, { ...KEEP_ALL, archiveAfterBlocks: 0 }), 101);
    assert.equal(archiveBelow(100, { ...KEEP_ALL, archiveAfterBlocks: 64 }), 37);
  });

  it('is settling so many behind, and never at 0', () => {
    assert.equal(settleBelow(100, { ...KEEP_ALL, settleAfterBlocks: 1 }), 100);
    assert.equal(settleBelow(100, KEEP_ALL), 0);
  });

  it('is to prune what lies beyond the number, the age or the bytes to keep, whichever takes most', () => {
    assert.equal(pruneBelow(NOW, KEEP_ALL), 0);
    assert.equal(pruneBelow(NOW, { ...KEEP_ALL, retainBlocks: 4 }), 16);
    assert.equal(pruneBelow(NOW, { ...KEEP_ALL, retainMs: 5_000 }), 15);
    assert.equal(pruneBelow(NOW, { ...KEEP_ALL, retainBytes: 500 }), 17);
    assert.equal(pruneBelow(NOW, { ...KEEP_ALL, retainBlocks: 4, retainMs: 5_000, retainBytes: 500 }), 17);
    assert.equal(pruneBelow(NOW, { ...KEEP_ALL, retainMs: 1 }), 20);
    assert.equal(pruneBelow(NOW, { ...KEEP_ALL, retainBytes: 1_200 }), 0);
  });

  it('never prunes a block that is not final, nor one newer than what this node has finished itself', () => {
    const amount = fc.option(fc.nat(100), { nil: undefined });
    const settings = fc.record({ retainBlocks: amount, retainMs: amount, retainBytes: amount });
    holds(
      fc.property(settings, fc.nat(30), fc.integer({ min: -1, max: 30 }), (limits, finalNumber, newestFinished) => {
        const below = pruneBelow({ ...NOW, finalNumber, newestFinished }, { ...KEEP_ALL, ...limits });
        assert(below >= 0 && below <= finalNumber + 1 && below <= newestFinished + 1);
      }),
    );
  });
});
