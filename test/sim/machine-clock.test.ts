/** The clocks of a simulated machine. */

import assert from 'node:assert/strict';
import { MachineClock } from '../../src/sim/machine-clock.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';

describe('the clock of a simulated machine', () => {
  it('is off, drifts and steps as it was told, and its monotonic clock does not step', async () => {
    const time = new VirtualClock();
    const clock = new MachineClock(time, { wallOffsetMs: -300, driftRate: 0.001, bootedMs: 5_000 });
    await time.advance(10_000);
    assert.equal(clock.wallMs(), time.wallMs() + 10 - 300);
    assert.equal(Math.round(clock.monotonicMs()), 15_010);
    clock.stepWall(-60_000);
    assert.equal(clock.wallErrorMs, -60_290);
    assert.equal(Math.round(clock.monotonicMs()), 15_010);
  });

  it('fires a timer no earlier than its delay on the own monotonic clock, fast or slow', async () => {
    for (const driftRate of [-0.0002, 0, 0.0002]) {
      const time = new VirtualClock();
      const clock = new MachineClock(time, { driftRate });
      for (const delayMs of [0, 1, 333.3, 9_498]) {
        const setMs = clock.monotonicMs();
        let elapsedMs = -1;
        clock.schedule(delayMs, () => (elapsedMs = clock.monotonicMs() - setMs));
        await time.advance(10_000);
        assert.ok(elapsedMs >= delayMs - 1e-6 && elapsedMs < delayMs + 1, `${elapsedMs} ms for ${delayMs} ms`);
      }
    }
  });

  it('fires nothing while it is paused, and then all that is overdue, in order and but for what was cancelled', async () => {
    const time = new VirtualClock();
    const clock = new MachineClock(time);
    const fired: string[] = [];
    clock.schedule(20, () => fired.push('later'));
    const cancel = clock.schedule(10, () => fired.push('cancelled'));
    clock.schedule(10, () => {
      fired.push('first');
      cancelSecond();
    });
    const cancelSecond = clock.schedule(15, () => fired.push('cancelled by the first'));
    clock.pause();
    await time.advance(1_000);
    assert.deepEqual(fired, []);
    assert.equal(clock.monotonicMs(), 1_000);
    cancel();
    clock.resume();
    await time.advance(0);
    assert.deepEqual(fired, ['first', 'later']);
    assert.equal(clock.timers, 0);
  });

  it('fires nothing any more once the machine is dead', async () => {
    const time = new VirtualClock();
    const clock = new MachineClock(time);
    clock.schedule(10, () => assert.fail('it fired'));
    clock.halt();
    clock.schedule(10, () => assert.fail('it fired'));
    await time.advance(1_000);
    assert.equal(time.timers, 0);
  });
});
