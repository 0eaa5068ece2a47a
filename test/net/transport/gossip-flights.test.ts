import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GossipFlights } from '../../../net/memory/gossip-flights.ts';
import { VirtualClock } from '../../../src/sim/virtual-clock.ts';
import { holdsAsync } from '../../properties.ts';

const copies = fc.array(fc.record({ sentAtMs: fc.nat(50), delayMs: fc.nat(100), isLost: fc.boolean() }), {
  maxLength: 8,
});

describe('copies of a message on their way to a node', () => {
  it('arrive as if each had a timer of its own, up to the first that is not lost', async () => {
    await holdsAsync(
      fc.asyncProperty(copies, async (sent) => {
        const clock = new VirtualClock();
        const flights = new GossipFlights(clock);
        const arrivedAtMs: number[] = [];
        for (const { sentAtMs, delayMs, isLost } of sent) {
          clock.schedule(sentAtMs, () => {
            // As the hub does: what was seen is not sent.
            if (arrivedAtMs.length > 0) return;
            flights.send('message', delayMs, () => {
              if (!isLost) arrivedAtMs.push(clock.monotonicMs());
              return !isLost;
            });
          });
        }
        await clock.advance(200);
        const due = sent.filter(({ isLost }) => !isLost).map(({ sentAtMs, delayMs }) => sentAtMs + delayMs);
        assert.equal(arrivedAtMs[0], due.length === 0 ? undefined : Math.min(...due));
      }),
    );
  });

  it('have one timer together, unless a later one is due first', async () => {
    const clock = new VirtualClock();
    const flights = new GossipFlights(clock);
    let arrived = 0;
    for (const delayMs of [10, 20, 10, 30]) flights.send('message', delayMs, () => ++arrived > 0);
    assert.equal(clock.timers, 1);
    await clock.advance(100);
    assert.equal(arrived, 1);
  });
});
