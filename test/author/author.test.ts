import assert from 'node:assert/strict';
import fc from 'fast-check';
import { recordOf, type BlockRecord } from '../../crdt/block/record.ts';
import { decodeRecord, encodeRecord } from '../../crdt/block/record-codec.ts';
import { signedParts } from '../../crdt/block/signing.ts';
import { compareStamps, type HlcStamp } from '../../crdt/hlc.ts';
import { InvariantViolation } from '../../crdt/invariant.ts';
import { hasRenewalsLeft, RENEWALS_MAX } from '../../crdt/lease/lease.ts';
import { Author } from '../../src/author/author.ts';
import { announcementWith, hashOf, leaseWith, nodeOf, resultWith, stampOf } from '../crdt/block/arbitraries.ts';
import { keyAt, SignedNodes } from '../net/signed-nodes.ts';
import { holds } from '../properties.ts';

const KEY = keyAt(3_080);
const SKEW_BOUND_MS = 500;

function makeAuthor(clock = { wallMs: () => 1_000 }): { author: Author; nodes: SignedNodes } {
  const nodes = new SignedNodes();
  return { author: new Author({ ...nodes.make(1), clock, skewBoundMs: SKEW_BOUND_MS }), nodes };
}

describe('what a node says about blocks', () => {
  it('is stamped by the wall clock again once a step of it is noticed', () => {
    let wallMs = 3_600_000;
    const { author } = makeAuthor({ wallMs: () => wallMs });
    author.stamp();
    wallMs = 1_000;
    assert.equal(author.stamp().wallMs, 3_600_000);
    author.followWall();
    assert.deepEqual(author.stamp(), stampOf(1_000));
  });

  it('is signed by it, and can be encoded', () => {
    const { author, nodes } = makeAuthor();
    const lease = author.claim(KEY, 1, 30_000);
    const { author: _, signature: __, ...witness } = announcementWith({});
    const said: BlockRecord[] = [
      recordOf({ lease }),
      recordOf({ lease: author.renew(KEY, lease, 10_000) }),
      recordOf({ lease: author.release(KEY, lease) }),
      recordOf({ generation: author.generationClaim(KEY, 1, 30_000) }),
      recordOf({ generation: author.renewGeneration(KEY, author.generationClaim(KEY, 1, 30_000), 10_000, 20_000) }),
      recordOf({ results: [author.result(KEY, [], 'failed', hashOf(1), 1)] }),
      recordOf({ witnesses: [author.announcement(KEY, witness)] }),
    ];
    for (const record of said) {
      const parts = signedParts(KEY, record);
      assert.equal(parts.length, 1);
      for (const part of parts) assert(nodes.verify(author.node, part.message, part.signature));
      assert.deepEqual(decodeRecord(encodeRecord(record)), record);
    }
  });

  it('carries stamps that strictly increase, whatever its wall clock does and whatever it hears', () => {
    const step = fc.record({
      wallMs: fc.integer({ min: -10, max: 2 ** 48 - 2 }),
      heard: fc.option(fc.record({ wallMs: fc.nat({ max: 2 ** 48 - 2 }), counter: fc.nat({ max: 65_535 }) })),
    });
    holds(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        let wallMs = 0;
        const { author } = makeAuthor({ wallMs: () => wallMs });
        let last: HlcStamp | undefined;
        for (const { wallMs: now, heard } of steps) {
          wallMs = now;
          if (heard !== null) author.witness(heard);
          const stamp = author.stamp();
          assert(last === undefined || compareStamps(stamp, last) > 0);
          last = stamp;
        }
      }),
    );
  });

  it('comes after what it heard, unless that lay beyond the skew bound', () => {
    const { author } = makeAuthor();
    author.witness(stampOf(1_000 + SKEW_BOUND_MS + 1));
    assert.deepEqual(author.stamp(), stampOf(1_000));
    author.witness(stampOf(1_000 + SKEW_BOUND_MS, 7));
    assert.deepEqual(author.stamp(), stampOf(1_000 + SKEW_BOUND_MS, 8));
  });

  it('counts its own results of a block and nobody else’s', () => {
    const { author } = makeAuthor();
    const known = [
      resultWith({ node: author.node, sequence: 3 }),
      resultWith({ node: author.node, sequence: 5, stateRoot: hashOf(2) }),
      resultWith({ node: nodeOf(9), sequence: 40 }),
    ];
    assert.equal(author.result(KEY, known, 'success', hashOf(1), 0).sequence, 6);
    assert.equal(author.result(KEY, [], 'success', hashOf(1), 0).sequence, 1);
  });
});

describe('a renewal', () => {
  it('keeps the claim, counts one more, and never goes back in time', () => {
    const { author } = makeAuthor();
    const claim = author.claim(KEY, 4, 30_000);
    const first = author.renew(KEY, claim, 10_000.9);
    const second = author.renew(KEY, first, 9_000, 45_000);
    assert.deepEqual([first.epoch, first.stamp, first.holder], [claim.epoch, claim.stamp, claim.holder]);
    assert.deepEqual([first.renewals, first.renewedAfterMs, first.durationMs], [1, 10_000, 30_000]);
    assert.deepEqual([second.renewals, second.renewedAfterMs, second.durationMs], [2, 10_000, 45_000]);
  });

  it('is one that every decoder takes, though the clock was set from 1970 to now since the claim', () => {
    const { author } = makeAuthor();
    const lease = author.renew(KEY, author.claim(KEY, 1, 30_000), 1_700_000_000_000);
    assert.deepEqual(decodeRecord(encodeRecord(recordOf({ lease }))).lease, lease);
  });

  it('is refused once the count is used up, of which the last is kept for the release', () => {
    const { author } = makeAuthor();
    const claim = author.claim(KEY, 1, 30_000);
    const used = { ...claim, renewals: RENEWALS_MAX - 1 };
    assert.deepEqual([hasRenewalsLeft({ renewals: RENEWALS_MAX - 2 }), hasRenewalsLeft(used)], [true, false]);
    const lease = author.release(KEY, used);
    assert.deepEqual(decodeRecord(encodeRecord(recordOf({ lease }))).lease, lease);
    assert.throws(() => author.release(KEY, lease), InvariantViolation);
  });

  it('of the lease of another is a defect of the caller', () => {
    const { author } = makeAuthor();
    assert.throws(() => author.renew(KEY, leaseWith({ holder: nodeOf(2) }), 1), InvariantViolation);
    assert.throws(() => author.release(KEY, leaseWith({ holder: nodeOf(2) })), InvariantViolation);
  });
});
