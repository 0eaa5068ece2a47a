import assert from 'node:assert/strict';
import { hasSuccess, recordOf } from '../../crdt/block/record.ts';
import { isFailure } from '../../crdt/errors.ts';
import { ZERO_HASH } from '../../crdt/ids.ts';
import { CLIENT_LEASES_MAX, type Claimed, type ClaimAnswer } from '../../src/claim/client-leases.ts';
import { CLIENTS_WAITING_MAX } from '../../src/claim/client-queue.ts';
import { leaseMethods } from '../../src/rpc/lease-methods.ts';
import { DIRTY_BLOCKS_MAX } from '../../src/store/block-store.ts';
import { hashOf } from '../crdt/block/arbitraries.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { Cluster, type Machine, type MachineOptions } from './memory-cluster.ts';
import { rootOf } from './scripted-validator.ts';

const KEY = keyAt(3_080);
const NEVER = new AbortController().signal;
const SUCCESS = { verdict: 'success', stateRoot: rootOf(KEY), blobIds: [] } as const;

async function startPair(options: MachineOptions = {}): Promise<{ cluster: Cluster; here: Machine; there: Machine }> {
  const cluster = new Cluster();
  const [here] = cluster.add(1);
  const [there] = cluster.add(1, options);
  assert(here !== undefined && there !== undefined);
  await cluster.start();
  await cluster.clock.advance(2_000);
  return { cluster, here, there };
}

function claimed(answer: ClaimAnswer): Claimed {
  assert(answer.claimed);
  return answer;
}

const refused = (code: string) => (error: unknown) => isFailure(error, code);

describe('a program that claims blocks through its node', () => {
  it('holds the block in the whole cluster, and finishes it under the epoch it was given', async () => {
    const { cluster, here, there } = await startPair();
    const { epoch, remainingMs } = claimed(here.node.claims.clients.claim(KEY));
    assert.deepEqual([epoch, remainingMs], [1, 30_000 * (1 - 0.0002) - 500]);
    await cluster.until(() => there.record(KEY).lease?.holder === here.id, 1_000);
    const answer = there.node.claims.clients.claim(KEY);
    assert(!answer.claimed && answer.reason === 'held' && answer.holder === here.id && answer.epoch === 1);
    assert(answer.remainingMs > 29_000 && answer.remainingMs <= 30_506);

    const blobIds = [hashOf(9), hashOf(8), hashOf(9)];
    const view = await here.node.claims.clients.complete(KEY, epoch, { ...SUCCESS, blobIds });
    assert.equal(view.status, 'success');
    await cluster.until(() => hasSuccess(there.record(KEY).results), 1_000);
    assert.deepEqual(
      there.record(KEY).results.map((result) => result.epoch),
      [1],
    );
    assert.deepEqual(there.record(KEY).blobIds, [hashOf(8), hashOf(9)]);
    assert.deepEqual(there.node.claims.clients.claim(KEY), {
      claimed: false,
      reason: 'finished',
      stateRoot: rootOf(KEY),
    });
    await cluster.stop();
  });

  it('is answered only once its result would survive a power loss', async () => {
    const { cluster, here, there } = await startPair();
    const { epoch } = claimed(here.node.claims.clients.claim(KEY));
    await here.node.claims.clients.complete(KEY, epoch, SUCCESS);
    await here.crash();
    await there.stop();
    await here.start();
    assert(hasSuccess(here.record(KEY).results));
    await here.stop();
    await cluster.clock.settle();
  });

  it(`waits to claim through the API while ${DIRTY_BLOCKS_MAX} blocks wait to be written`, async () => {
    const { cluster, here } = await startPair();
    const { store, claims } = here.node;
    const gone = new AbortController();
    const context = { signal: gone.signal, isBatch: false, idle: <T>(wait: () => Promise<T>) => wait() };
    const claim = (number: number): Promise<unknown> => {
      const { hash } = keyAt(number);
      return Promise.resolve(leaseMethods(claims.clients).get('driftlock_claim')?.([number, hash], context));
    };
    here.disk.resize(0);
    const merge = (number: number): void => {
      store.merge({ key: keyAt(number), record: recordOf({ blobIds: [hashOf(number)] }) }, 'peer');
    };
    for (let at = 0; at < DIRTY_BLOCKS_MAX - 1; at++) merge(at);
    assert.equal(Object(await claim(DIRTY_BLOCKS_MAX)).claimed, true);
    let answer: unknown;
    void claim(DIRTY_BLOCKS_MAX + 1).then((answered) => (answer = answered));
    await cluster.clock.settle();
    assert.equal(answer, undefined);
    here.disk.resize(Infinity);
    await cluster.until(() => answer !== undefined, 5_000);
    assert.equal(Object(answer).claimed, true);
    await cluster.stop();
  });

  it('may ask twice when an answer was lost: the second call finds its result', async () => {
    const { cluster, here } = await startPair();
    const { epoch } = claimed(here.node.claims.clients.claim(KEY));
    const [first, second] = await Promise.all([
      here.node.claims.clients.complete(KEY, epoch, SUCCESS),
      here.node.claims.clients.complete(KEY, epoch, SUCCESS),
    ]);
    const third = await here.node.claims.clients.complete(KEY, epoch, SUCCESS);
    assert.deepEqual([first.status, second.status, third.status], ['success', 'success', 'success']);
    assert.deepEqual(
      here.record(KEY).results.map((result) => result.sequence),
      [1],
    );
    await cluster.stop();
  });

  it('loses the block by time when it vanishes, and nobody renews for it', async () => {
    const { cluster, here, there } = await startPair({ validates: true });
    await here.dropWitness(KEY);
    await cluster.clock.advance(1);
    const other = keyAt(3_081);
    claimed(here.node.claims.clients.claim(other));
    await here.dropWitness(other);
    await cluster.clock.advance(29_000);
    assert.equal(
      there.validator?.tasks.some(({ key }) => key.number === other.number),
      false,
    );
    await cluster.until(() => hasSuccess(here.record(other).results), 3_000);
    assert.equal(here.eventsOf('lease-lost')[0]?.reason, 'expired');
    assert.equal(here.record(other).results[0]?.epoch, 2);
    await cluster.stop();
  });

  it('keeps it by renewing, and renewals in a loop tell the cluster nothing', async () => {
    const { cluster, here, there } = await startPair();
    const { epoch } = claimed(here.node.claims.clients.claim(KEY));
    for (let round = 0; round < 5; round++) {
      await cluster.clock.advance(20_000);
      for (let again = 0; again < 10; again++) here.node.claims.clients.renew(KEY, epoch);
    }
    assert.equal(here.record(KEY).lease?.renewals, 5);
    assert.equal(there.node.view(KEY).status, 'processing');
    assert(here.node.claims.clients.renew(KEY, epoch, 60_000) > 59_000);
    await cluster.clock.advance(61_000);
    assert.throws(() => here.node.claims.clients.renew(KEY, epoch), refused('ERR_LEASE_EXPIRED'));
    await cluster.stop();
  });

  it('is refused when its epoch was superseded, and told by whom', async () => {
    const { cluster, here, there } = await startPair();
    const { epoch } = claimed(here.node.claims.clients.claim(KEY));
    await cluster.clock.advance(31_000);
    const later = claimed(there.node.claims.clients.claim(KEY));
    assert.equal(later.epoch, 2);
    await cluster.until(() => here.record(KEY).lease?.holder === there.id, 1_000);
    await assert.rejects(here.node.claims.clients.complete(KEY, epoch, SUCCESS), (error: unknown) => {
      assert(isFailure(error, 'ERR_LEASE_SUPERSEDED') && 'winner' in error);
      assert.equal(Object(error.winner).holder, there.id);
      return true;
    });
    assert.throws(() => here.node.claims.clients.renew(KEY, epoch), refused('ERR_LEASE_SUPERSEDED'));
    assert.throws(() => here.node.claims.clients.release(KEY, epoch), refused('ERR_LEASE_SUPERSEDED'));
    assert.deepEqual(here.record(KEY).results, []);
    await there.node.claims.clients.complete(KEY, later.epoch, SUCCESS);
    await cluster.until(() => hasSuccess(here.record(KEY).results), 1_000);
    await cluster.stop();
  });

  it('may complete late, also across a restart of its node, as long as nobody else claimed the block', async () => {
    const { cluster, here } = await startPair();
    const { epoch } = claimed(here.node.claims.clients.claim(KEY));
    await cluster.clock.advance(40_000);
    await here.stop();
    await here.start();
    assert.throws(() => here.node.claims.clients.renew(KEY, epoch), refused('ERR_LEASE_NOT_HELD'));
    assert.equal((await here.node.claims.clients.complete(KEY, epoch, SUCCESS)).status, 'success');
    await cluster.stop();
  });

  it('has its result kept as evidence when it contradicts one that came meanwhile, and refused when it repeats it', async () => {
    const { cluster, here, there } = await startPair();
    const other = keyAt(3_081);
    for (const key of [KEY, other]) {
      const { epoch } = claimed(here.node.claims.clients.claim(key));
      await cluster.clock.advance(31_000);
      const later = claimed(there.node.claims.clients.claim(key));
      await there.node.claims.clients.complete(key, later.epoch, { ...SUCCESS, stateRoot: rootOf(key) });
      await cluster.until(() => hasSuccess(here.record(key).results), 1_000);
      const own = { ...SUCCESS, stateRoot: key === KEY ? rootOf(KEY) : hashOf(66) };
      if (key === KEY) {
        await assert.rejects(here.node.claims.clients.complete(key, epoch, own), refused('ERR_BLOCK_FINISHED'));
      } else {
        assert.equal((await here.node.claims.clients.complete(key, epoch, own)).dispute?.kind, 'different-roots');
      }
    }
    await cluster.until(() => there.node.tally.disputed === 1, 5_000);
    await cluster.stop();
  });

  it('gives a block back for the others to take', async () => {
    const { cluster, here, there } = await startPair({ validates: true });
    const { epoch } = claimed(here.node.claims.clients.claim(KEY));
    await here.dropWitness(KEY);
    await cluster.clock.advance(1_000);
    assert.equal(there.validator?.tasks.length, 0);
    here.node.claims.clients.release(KEY, epoch);
    assert.throws(() => here.node.claims.clients.release(KEY, epoch), refused('ERR_LEASE_NOT_HELD'));
    await cluster.until(() => hasSuccess(here.record(KEY).results), 2_000);
    await cluster.stop();
  });

  it('is not handed the same block in a loop when it fails it or gives it back', async () => {
    const { cluster, here } = await startPair();
    await here.dropWitness(KEY);
    await cluster.clock.advance(1_000);
    const first = await here.node.claims.clients.next(undefined, 0, NEVER);
    assert.deepEqual(first?.key, KEY);
    await here.node.claims.clients.complete(KEY, 1, { verdict: 'failed', stateRoot: ZERO_HASH, blobIds: [] });
    assert.equal(await here.node.claims.clients.next(undefined, 0, NEVER), undefined);
    const answer = here.node.claims.clients.claim(KEY);
    assert(!answer.claimed && answer.reason === 'backing-off' && answer.remainingMs === 1_000);
    await cluster.clock.advance(1_000);
    const second = await here.node.claims.clients.next(undefined, 0, NEVER);
    assert.equal(second?.epoch, 2);
    here.node.claims.clients.release(KEY, 2);
    await cluster.clock.advance(1_999);
    assert.equal(await here.node.claims.clients.next(undefined, 0, NEVER), undefined);
    await cluster.clock.advance(1);
    assert.equal((await here.node.claims.clients.next(undefined, 0, NEVER))?.epoch, 3);
    await cluster.stop();
  });

  it('that waits for a block gets the next one, and none once it went away or waited long enough', async () => {
    const { cluster, here } = await startPair();
    const gone = new AbortController();
    const answers: (number | undefined)[] = [];
    const ask = (waitMs: number, signal: AbortSignal): void =>
      void here.node.claims.clients.next(undefined, waitMs, signal).then((found) => answers.push(found?.key.number));
    ask(5_000, gone.signal);
    ask(1_000, NEVER);
    ask(20_000, NEVER);
    await cluster.clock.settle();
    assert.equal(here.node.claims.clients.waiting, 3);
    gone.abort();
    await cluster.clock.advance(1_000);
    assert.deepEqual(answers, [undefined, undefined]);
    await here.dropWitness(KEY);
    await here.dropWitness(keyAt(3_081));
    await cluster.clock.advance(100);
    assert.deepEqual(answers, [undefined, undefined, KEY.number]);
    assert.equal(here.node.claims.clients.held, 1);
    await cluster.stop();
  });

  it('shares the blocks with the programs of other nodes without doing one twice', async () => {
    const cluster = new Cluster();
    const machines = cluster.add(3);
    await cluster.start();
    const counts = machines.map(() => 0);
    const stop = new AbortController();
    const works = machines.map(async (machine, at) => {
      while (!stop.signal.aborted) {
        const block = await machine.node.claims.clients.next(undefined, 10_000, stop.signal);
        if (block === undefined) continue;
        await new Promise<void>((resolve) => void cluster.clock.schedule(300, resolve));
        try {
          await machine.node.claims.clients.complete(block.key, block.epoch, {
            ...SUCCESS,
            stateRoot: rootOf(block.key),
          });
          counts[at] = (counts[at] ?? 0) + 1;
        } catch (error) {
          // Of two claims that crossed, one has won.
          if (!isFailure(error, 'ERR_LEASE_SUPERSEDED', 'ERR_BLOCK_FINISHED')) throw error;
        }
      }
    });
    await cluster.clock.advance(2_000);
    for (let at = 0; at < 30; at++) {
      await machines[0]?.dropWitness(keyAt(4_000 + at));
      await cluster.clock.advance(150);
    }
    await cluster.until(
      () => machines.every(({ node }) => node.tally.blocks === 30 && node.tally.unfinishedCount === 0),
      60_000,
    );
    assert.equal(machines[0]?.node.tally.duplicates, 0);
    assert(
      counts.every((count) => count > 0),
      counts.join(' '),
    );
    stop.abort();
    await cluster.clock.advance(1_000);
    await Promise.all(works);
    await cluster.stop();
  });

  it('cannot take CLIENT_LEASES_MAX blocks and one more, or wait as one more than CLIENTS_WAITING_MAX', async () => {
    const { cluster, here } = await startPair();
    for (let at = 0; at < CLIENT_LEASES_MAX; at++) claimed(here.node.claims.clients.claim(keyAt(at)));
    assert.throws(() => here.node.claims.clients.claim(KEY), refused('ERR_TOO_MANY_LEASES'));
    await cluster.clock.advance(30_000);
    claimed(here.node.claims.clients.claim(KEY));

    const gone = new AbortController();
    const waits = Array.from({ length: CLIENTS_WAITING_MAX }, () =>
      here.node.claims.clients.next(undefined, 1_000, gone.signal),
    );
    await assert.rejects(here.node.claims.clients.next(undefined, 1_000, NEVER), refused('ERR_TOO_MANY_WAITING'));
    gone.abort();
    await Promise.all(waits);
    await cluster.stop();
  });

  it('is handed nothing while the clock of its node lies outside the bound, and something once it does not', async () => {
    const cluster = new Cluster();
    const machines = cluster.add(3);
    await cluster.start();
    const [here, there] = machines;
    assert(here !== undefined && there !== undefined);
    await cluster.until(() => machines.every(({ node }) => node.clocks.standing === 'within'), 20_000);
    here.clock.stepWall(60_000);
    await cluster.until(() => here.node.clocks.standing === 'outside', 20_000);
    await here.dropWitness(KEY);
    assert.deepEqual(here.node.claims.clients.claim(KEY), { claimed: false, reason: 'clock-not-trusted' });
    const waiting = here.node.claims.clients.next(undefined, 30_000, NEVER);
    await cluster.clock.advance(5_000);
    assert.equal(here.node.claims.clients.waiting, 1);
    here.clock.stepWall(-60_000);
    await cluster.until(() => here.node.claims.clients.held === 1, 20_000);
    assert.deepEqual((await waiting)?.key, KEY);
    await cluster.stop();
  });

  it('is refused a lock time that margin and drift leave no room for', async () => {
    const { cluster, here } = await startPair();
    assert.throws(() => here.node.claims.clients.claim(KEY, 600), refused('ERR_LOCK_TIME'));
    claimed(here.node.claims.clients.claim(KEY, 601));
    await cluster.stop();
  });
});
