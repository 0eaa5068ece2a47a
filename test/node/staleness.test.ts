import assert from 'node:assert/strict';
import { isFailure } from '../../crdt/errors.ts';
import { NO_FAULTS } from '../../net/memory/link.ts';
import { Author } from '../../src/author/author.ts';
import type { BlockRead, ReadOptions } from '../../src/freshness/block-reads.ts';
import { hashOf } from '../crdt/block/arbitraries.ts';
import { KEY_OF } from '../evidence/records.ts';
import { Cluster, resultBy, type Machine } from './memory-cluster.ts';

const KEY = KEY_OF(7);
const LINK_MS = 40;

async function threeMachines() {
  const cluster = new Cluster();
  const [here, there, third] = cluster.add(3);
  assert(here !== undefined && there !== undefined && third !== undefined);
  await cluster.start();
  for (const other of [there, third])
    cluster.hub.setFaults(here.id, other.id, { ...NO_FAULTS, delayMsMin: LINK_MS, delayMsMax: LINK_MS });
  /** `there` finds a root. */
  const finish = (): void => {
    const author = new Author({ ...there.signer, clock: there.clock, skewBoundMs: 500 });
    void there.node.store.commit(resultBy(author, KEY, hashOf(1)));
  };
  return { cluster, here, there, third, finish };
}

/** A read, in virtual time. */
async function readOn(cluster: Cluster, machine: Machine, options: ReadOptions): Promise<BlockRead> {
  let isDone = false;
  const read = machine.node.reads.read(KEY, options).finally(() => (isDone = true));
  read.catch(() => undefined);
  await cluster.until(() => isDone, 10_000);
  return read;
}

describe('a read with a bound on its age', () => {
  it('is answered from what is here, at an age that is not known while nobody was asked', async () => {
    const { cluster, here } = await threeMachines();
    const read = await readOn(cluster, here, { onStale: 'fail' });
    assert.deepEqual([read.ageMs, read.isStale, read.source, read.view.status], [undefined, false, 'local', 'idle']);
    await cluster.stop();
  });

  it('waits for what the others know, and is then as old as the question', async () => {
    const { cluster, here, finish } = await threeMachines();
    finish();
    await cluster.clock.advance(5);
    const stale = await readOn(cluster, here, { maxStalenessMs: 10_000, onStale: 'serve' });
    assert.deepEqual([stale.isStale, stale.ageMs], [true, undefined]);
    const read = await readOn(cluster, here, { maxStalenessMs: 10_000, onStale: 'wait' });
    assert.deepEqual([read.source, read.isStale, read.view.status], ['refreshed', false, 'success']);
    assert(read.ageMs !== undefined && read.ageMs >= 2 * LINK_MS);
    await cluster.clock.advance(1_000);
    const later = await readOn(cluster, here, { maxStalenessMs: 10_000, onStale: 'fail' });
    assert.equal(later.source, 'local');
    assert(later.ageMs !== undefined && later.ageMs >= read.ageMs + 1_000);
    await cluster.stop();
  });

  it('counts from the question and not from the answer, which may lack what happened after it was given', async () => {
    const { cluster, here, there, third, finish } = await threeMachines();
    for (const other of [there, third]) {
      cluster.hub.setFaults(here.id, other.id, {
        ...NO_FAULTS,
        lossPermille: 1_000,
        delayMsMin: LINK_MS,
        delayMsMax: LINK_MS,
      });
    }
    const bound: ReadOptions = { maxStalenessMs: 1_000, onStale: 'wait' };
    const firstAtMs = cluster.clock.monotonicMs();
    await readOn(cluster, here, bound);
    const takesMs = cluster.clock.monotonicMs() - firstAtMs;
    await cluster.clock.advance(2_000);

    const answers: BlockRead[] = [];
    const askedAtMs = cluster.clock.monotonicMs();
    void here.node.reads.read(KEY, bound).then((answer) => answers.push(answer));
    await cluster.clock.advance(takesMs - LINK_MS / 2);
    assert.equal(answers.length, 0, 'it is on its way');
    finish();
    const finishedAtMs = cluster.clock.monotonicMs();
    await cluster.until(() => answers.length > 0, 10_000);
    const [read] = answers;
    const nowMs = cluster.clock.monotonicMs();
    assert.equal(read?.record.results.length, 0);
    assert(read?.ageMs !== undefined && read.ageMs >= nowMs - askedAtMs && read.ageMs > nowMs - finishedAtMs);
    await cluster.stop();
  });

  it('is refused, answered or waited for in vain while a member is out of reach, whoever that is', async () => {
    const { cluster, here, there, third } = await threeMachines();
    cluster.partition([[here, there], [third]], true);
    const bound = { maxStalenessMs: 1_000 };
    for (const onStale of ['wait', 'fail'] as const) {
      await assert.rejects(readOn(cluster, here, { ...bound, onStale }), (error: unknown) => {
        assert(isFailure(error, 'ERR_TOO_STALE'));
        assert.equal(error.found.includes('no answer of'), onStale === 'wait');
        return true;
      });
    }
    const served = await readOn(cluster, here, { ...bound, onStale: 'serve' });
    assert.deepEqual([served.isStale, served.ageMs, served.source], [true, undefined, 'local']);
    cluster.partition([[here, there], [third]], false);
    await cluster.clock.advance(5_000);
    assert.equal((await readOn(cluster, here, { ...bound, onStale: 'wait' })).isStale, false);
    await cluster.stop();
  });
});
