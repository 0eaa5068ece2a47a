import assert from 'node:assert/strict';
import { recordOf } from '../../crdt/block/record.ts';
import { RENEWALS_MAX, RENEWED_AFTER_MS_MAX, type Lease } from '../../crdt/lease/lease.ts';
import { Author } from '../../src/author/author.ts';
import { HeldLease } from '../../src/claim/held-lease.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { leaseWith, nodeOf } from '../crdt/block/arbitraries.ts';
import { keyAt, SignedNodes } from '../net/signed-nodes.ts';

const KEY = keyAt(3_080);
const BOUNDS = { driftRate: 0.0002, deliveryMarginMs: 500, skewBoundMs: 500 };
const HOLDER_MS = 30_000 * (1 - BOUNDS.driftRate) - BOUNDS.deliveryMarginMs;

function hold({ renewsItself = true, renewals = 0 }: { renewsItself?: boolean; renewals?: number } = {}): {
  clock: VirtualClock;
  held: HeldLease;
  published: Lease[];
} {
  const clock = new VirtualClock();
  const author = new Author({ ...new SignedNodes().make(1), clock, skewBoundMs: 500 });
  const published: Lease[] = [];
  const lease = { ...author.claim(KEY, 1, 30_000), renewals };
  const publish = (renewed: Lease): void => void published.push(renewed);
  const held = new HeldLease({ key: KEY, lease, clock, bounds: BOUNDS, author, renewsItself, publish });
  return { clock, held, published };
}

describe('a lease that a node holds', () => {
  it('renews itself at half of the holder’s time, and never after it has ended', async () => {
    const { clock, held, published } = hold();
    await clock.advance(HOLDER_MS * 2);
    assert.deepEqual([published.length, held.loss], [4, undefined]);
    held.end();
    await clock.advance(HOLDER_MS);
    assert.equal(published.length, 4);
  });

  it('aborts the work at the end of the holder’s time when nobody renews it', async () => {
    const { clock, held, published } = hold({ renewsItself: false });
    await clock.advance(HOLDER_MS - 1);
    assert.equal(held.signal.aborted, false);
    await clock.advance(2);
    assert.deepEqual([held.signal.aborted, held.loss, published], [true, 'expired', []]);
    assert.equal(held.renew(), false);
  });

  it('aborts the work at once when another claim wins', () => {
    const { held } = hold();
    held.observe(recordOf({ lease: leaseWith({ epoch: 2, holder: nodeOf(9) }) }));
    assert.deepEqual([held.signal.aborted, held.loss, held.renew()], [true, 'outbid', false]);
  });

  it('runs out when it was renewed as often as the record can count', async () => {
    const { clock, held, published } = hold({ renewals: RENEWALS_MAX - 2 });
    await clock.advance(HOLDER_MS / 2 + HOLDER_MS + 2);
    assert.deepEqual([published.length, held.loss], [1, 'expired']);
  });

  it('runs out when it was held for as long as the record can say', async () => {
    const { clock, held } = hold({ renewsItself: false });
    for (let atMs = 0; atMs <= RENEWED_AFTER_MS_MAX; atMs += 80_000_000) {
      assert(held.renew(86_400_000));
      await clock.advance(80_000_000);
    }
    assert.equal(held.renew(), false);
  });
});
