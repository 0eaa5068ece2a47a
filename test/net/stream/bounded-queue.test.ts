import assert from 'node:assert/strict';
import { BoundedQueue } from '../../../net/stream/bounded-queue.ts';

describe('a bounded queue', () => {
  it('holds itemsMax items, and makes the next wait until one has left', async () => {
    const queue = new BoundedQueue<number>(2);
    assert.equal(await queue.push(1), true);
    assert.equal(await queue.push(2), true);
    let entered = false;
    const third = queue.push(3).then(() => (entered = true));
    await Promise.resolve();
    assert.equal(entered, false);
    const items = queue[Symbol.asyncIterator]();
    assert.equal((await items.next()).value, 1);
    await third;
    assert.equal(entered, true);
  });

  it('gives items in the order of the calls, also those that had to wait', async () => {
    const queue = new BoundedQueue<number>(1);
    const pushes = [1, 2, 3, 4].map((item) => queue.push(item));
    const received: number[] = [];
    for await (const item of queue) {
      received.push(item);
      // Into the room that has just become free, while others have waited longer for it.
      if (item === 1) pushes.push(queue.push(5));
      if (received.length === 5) break;
    }
    assert.deepEqual(received, [1, 2, 3, 4, 5]);
    assert.deepEqual(await Promise.all(pushes), [true, true, true, true, true]);
  });

  it('gives what is queued and then ends, and lets nothing in after the end', async () => {
    const queue = new BoundedQueue<number>(1);
    await queue.push(1);
    const waiting = queue.push(2);
    queue.end();
    assert.equal(await waiting, false);
    assert.equal(await queue.push(3), false);
    const left: number[] = [];
    for await (const item of queue) left.push(item);
    assert.deepEqual(left, [1]);
  });

  it('frees who waits when the consumer leaves', async () => {
    const queue = new BoundedQueue<number>(1);
    await queue.push(1);
    const waiting = [queue.push(2), queue.push(3)];
    for await (const item of queue) if (item === 1) break;
    assert.deepEqual(await Promise.all(waiting), [true, false]);
    assert.equal(await queue.push(4), false);
  });

  it('holds items of together sizeMax, and makes one more wait until there is room for it', async () => {
    const queue = new BoundedQueue<string>(10, 5);
    assert.equal(await queue.push('2', 2), true);
    assert.equal(await queue.push('3', 3), true);
    const entered: string[] = [];
    const waiting = ['1', '4'].map((item) => queue.push(item, Number(item)).then(() => entered.push(item)));
    const items = queue[Symbol.asyncIterator]();
    assert.deepEqual(entered, []);
    assert.equal((await items.next()).value, '2');
    await waiting[0];
    assert.deepEqual(entered, ['1']);
    assert.equal((await items.next()).value, '3');
    await waiting[1];
    assert.deepEqual([(await items.next()).value, (await items.next()).value], ['1', '4']);
  });

  it('takes an item beyond sizeMax when it is alone, and lets no later one pass', async () => {
    const queue = new BoundedQueue<string>(10, 5);
    assert.equal(await queue.push('large', 6), true);
    const waiting = [queue.push('larger', 7), queue.push('small', 1)];
    const received: string[] = [];
    for await (const item of queue) {
      received.push(item);
      if (received.length === 3) break;
    }
    assert.deepEqual(received, ['large', 'larger', 'small']);
    assert.deepEqual(await Promise.all(waiting), [true, true]);
  });

  it('gives the next item at once if it is accepted, and lets in who waits for its room', async () => {
    const queue = new BoundedQueue<number>(1);
    assert.equal(
      queue.takeIf(() => true),
      undefined,
    );
    await queue.push(1);
    const second = queue.push(2);
    assert.equal(
      queue.takeIf((item) => item > 1),
      undefined,
    );
    assert.equal(
      queue.takeIf((item) => item === 1),
      1,
    );
    assert.equal(await second, true);
    assert.equal(
      queue.takeIf(() => true),
      2,
    );
  });
});
