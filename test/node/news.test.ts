import assert from 'node:assert/strict';
import { EMPTY_RECORD, recordOf, type BlockRecord } from '../../crdt/block/record.ts';
import { newsOf } from '../../src/node/news.ts';
import type { Origin } from '../../src/store/block-store.ts';
import { hashOf, KEY, leaseWith, nodeOf, resultWith } from '../crdt/block/arbitraries.ts';

function typesOf(before: BlockRecord, after: BlockRecord, origin: Origin = 'peer'): string[] {
  return [...newsOf({ key: KEY, before, after, origin })].map(({ type }) => type);
}

const held = recordOf({ lease: leaseWith({ holder: nodeOf(1), epoch: 1 }) });
const success = resultWith({ verdict: 'success', stateRoot: hashOf(5) });

describe('the news of a change', () => {
  it('tell what a merge made of the view, when a peer sent it', () => {
    const [event] = newsOf({ key: KEY, before: EMPTY_RECORD, after: held, origin: 'peer' });
    assert(event?.type === 'view-changed');
    assert.deepEqual([event.from, event.to, event.lease?.epoch], ['idle', 'processing', 1]);
    assert.deepEqual(typesOf(EMPTY_RECORD, held, 'local'), []);
    assert.deepEqual(typesOf(EMPTY_RECORD, held, 'disk'), []);
  });

  it('tell nothing of a merge that left the view as it was', () => {
    const renewed = recordOf({ lease: leaseWith({ holder: nodeOf(1), epoch: 1, renewals: 1 }) });
    assert.deepEqual(typesOf(held, renewed), []);
  });

  it('tell the root of a success, and that the block is finished', () => {
    const events = [...newsOf({ key: KEY, before: held, after: recordOf({ results: [success] }), origin: 'peer' })];
    assert.deepEqual(
      events.map(({ type }) => type),
      ['view-changed', 'block-finished'],
    );
    assert(events[0]?.type === 'view-changed' && events[0].stateRoot === hashOf(5));
  });

  it('tell who took an open lease over, whoever it was', () => {
    const taken = recordOf({ lease: leaseWith({ holder: nodeOf(2), epoch: 2 }) });
    const [event] = newsOf({ key: KEY, before: held, after: taken, origin: 'local' });
    assert(event?.type === 'lease-taken-over');
    assert.deepEqual([event.from.holder, event.to.holder, event.to.epoch], [nodeOf(1), nodeOf(2), 2]);
  });

  it('do not call it taken over when it was released, ended by its result, or goes on', () => {
    const lease = leaseWith({ holder: nodeOf(2), epoch: 2 });
    const released = recordOf({ lease: leaseWith({ holder: nodeOf(1), released: true }) });
    assert(!typesOf(released, recordOf({ lease }), 'local').includes('lease-taken-over'));
    const results = [resultWith({ node: nodeOf(1), verdict: 'failed', epoch: 1 })];
    const ended = recordOf({ lease: leaseWith({ holder: nodeOf(1), epoch: 1 }), results });
    assert(!typesOf(ended, recordOf({ lease, results }), 'local').includes('lease-taken-over'));
    const again = recordOf({ lease: leaseWith({ holder: nodeOf(1), epoch: 2 }) });
    assert(!typesOf(held, again, 'local').includes('lease-taken-over'));
  });
});
