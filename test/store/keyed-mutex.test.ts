import assert from 'node:assert/strict';
import fc from 'fast-check';
import { blockId, type BlockId } from '../../crdt/ids.ts';
import { KeyedMutex } from '../../src/store/keyed-mutex.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { holdsAsync } from '../properties.ts';

const [ONE, TWO] = [blockId(keyAt(1)), blockId(keyAt(2))];

describe('the mutex of each block', () => {
  it('runs tasks of one block one at a time and in order, and those of others meanwhile', async () => {
    const task = fc.record({ id: fc.constantFrom(ONE, TWO), turns: fc.nat({ max: 8 }), fails: fc.boolean() });
    await holdsAsync(
      fc.asyncProperty(fc.array(task, { maxLength: 20 }), async (tasks) => {
        const mutex = new KeyedMutex();
        const running = new Set<BlockId>();
        const order = new Map<BlockId, number[]>();
        const outcomes = tasks.map(({ id, turns, fails }, at) =>
          mutex.run(id, async () => {
            assert(!running.has(id), 'no two tasks of a block run together');
            running.add(id);
            order.set(id, [...(order.get(id) ?? []), at]);
            for (let turn = 0; turn < turns; turn++) await Promise.resolve();
            running.delete(id);
            if (fails) throw new Error(`task ${at}`);
            return at;
          }),
        );
        const settled = await Promise.allSettled(outcomes);
        for (const [at, { fails }] of tasks.entries()) {
          assert.equal(settled[at]?.status, fails ? 'rejected' : 'fulfilled');
        }
        for (const ran of order.values())
          assert.deepEqual(
            ran,
            ran.toSorted((a, b) => a - b),
          );
        await mutex.idle();
      }),
    );
  });

  it('begins a task at once when the block is free, and does not hold up another block', async () => {
    const mutex = new KeyedMutex();
    const gate = Promise.withResolvers<void>();
    const held = mutex.run(ONE, () => gate.promise);
    let began = 0;
    void mutex.run(TWO, async () => void began++);
    void mutex.run(ONE, async () => void began++);
    assert.equal(began, 1);
    gate.resolve();
    await held;
    await mutex.idle();
    assert.equal(began, 2);
  });

  it('lets nobody overlook the failure of a task', async () => {
    const mutex = new KeyedMutex();
    const failure = new Error('an invariant does not hold');
    const unheard = Promise.withResolvers<unknown>();
    // Mocha listens, too, and would fail the test.
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.once('unhandledRejection', unheard.resolve);
    try {
      void mutex.run(ONE, () => Promise.reject(failure));
      await mutex.idle();
      assert.equal(await unheard.promise, failure);
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
  });

  it('is idle only when the tasks that were added meanwhile have ended too', async () => {
    const mutex = new KeyedMutex();
    let ended = false;
    void mutex.run(ONE, async () => {
      await Promise.resolve();
      void mutex.run(TWO, async () => {
        await Promise.resolve();
        ended = true;
      });
    });
    await mutex.idle();
    assert(ended);
  });
});
