import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { applyAwarenessUpdate, Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness.js';
import * as Y from 'yjs';
import { Writer } from '../../../crdt/codec/writer.ts';
import { AwarenessTable, type AwarenessState } from '../../../net/document/awareness.ts';
import {
  AWARENESS_CLIENTS_MAX,
  AWARENESS_STATE_BYTES_MAX,
  AWARENESS_TIMEOUT_MS,
} from '../../../net/document/limits.ts';
import { holds } from '../../properties.ts';
import { assertDecodeFails, assertSurvivesSpoiling } from '../spoiled-bytes.ts';

interface Said {
  readonly client: number;
  readonly clock: number;
  readonly state: AwarenessState;
}

function updateOf(said: readonly Said[]): Uint8Array {
  const writer = new Writer().varint(said.length);
  for (const { client, clock, state } of said) writer.varint(client).varint(clock).text(JSON.stringify(state));
  return writer.finish();
}

const anySaid = fc.record({
  client: fc.integer({ min: 1, max: 4 }),
  // y-protocols takes nothing of a client that it does not know at clock 0.
  clock: fc.integer({ min: 1, max: 4 }),
  state: fc.oneof(fc.constant(null), fc.record({ name: fc.string({ maxLength: 3 }) })),
});

function statesOf(table: AwarenessTable): [number, AwarenessState][] {
  return table.present
    .map((client): [number, AwarenessState] => [client, table.stateOf(client)])
    .sort(([a], [b]) => a - b);
}

/** One client whose state takes `sizeBytes` as JSON. */
function stateOf(sizeBytes: number): Uint8Array {
  return updateOf([{ client: 1, clock: 1, state: { a: 'x'.repeat(sizeBytes - '{"a":""}'.length) } }]);
}

describe('the table of who is there', () => {
  it('comes to what the awareness of y-protocols comes to, and says it in its words', () => {
    const oracle = new Awareness(new Y.Doc({ guid: 'oracle' }));
    oracle.destroy();
    holds(
      fc.property(fc.array(fc.array(anySaid, { maxLength: 3 }), { maxLength: 8 }), (updates) => {
        oracle.states.clear();
        oracle.meta.clear();
        const table = new AwarenessTable();
        for (const update of updates.map(updateOf)) {
          table.take(update, 0);
          applyAwarenessUpdate(oracle, update, 'test');
        }
        assert.deepEqual(
          statesOf(table),
          [...oracle.states].sort(([a], [b]) => a - b),
        );
        const clients = [...oracle.states.keys()];
        assert.deepEqual(table.encode(clients), encodeAwarenessUpdate(oracle, clients));
      }),
    );
  });

  it('names those of whom an update said something new', () => {
    const table = new AwarenessTable();
    const [one, two] = [
      { client: 1, clock: 3, state: { name: 'one' } },
      { client: 2, clock: 1, state: { name: 'two' } },
    ];
    assert.deepEqual(table.take(updateOf([one, two]), 0), [1, 2]);
    assert.deepEqual(table.take(updateOf([one, { ...two, clock: 2 }]), 0), [2]);
    assert.deepEqual(table.take(updateOf([{ ...one, clock: 2 }]), 0), []);
    assert.deepEqual(table.take(updateOf([{ ...one, state: null }]), 0), [1], 'it leaves at the clock it had');
    assert.deepEqual(table.take(updateOf([{ ...two, clock: 9 }]), 0, 2), [], 'nobody speaks for this program');
  });

  it('lets who was silent for AWARENESS_TIMEOUT_MS go, and forgets it as long after', () => {
    const table = new AwarenessTable();
    table.set(1, { name: 'a' }, 0);
    table.take(updateOf([{ client: 2, clock: 1, state: { name: 'b' } }]), 1);
    assert.deepEqual(table.expire(AWARENESS_TIMEOUT_MS - 1), []);
    assert.deepEqual(table.expire(AWARENESS_TIMEOUT_MS), [1]);
    assert.deepEqual(table.expire(AWARENESS_TIMEOUT_MS + 1), [2]);
    assert.deepEqual(table.present, []);
    assert.deepEqual(table.encode([1]), updateOf([{ client: 1, clock: 1, state: null }]));
    table.expire(2 * AWARENESS_TIMEOUT_MS);
    assert.deepEqual(table.encode([1]), updateOf([]), 'forgotten');
  });

  it('holds AWARENESS_CLIENTS_MAX clients, and leaves one more out', () => {
    const table = new AwarenessTable();
    const all = Array.from({ length: AWARENESS_CLIENTS_MAX }, (_, client) => ({
      client,
      clock: 1,
      state: { at: client },
    }));
    assert.equal(table.take(updateOf(all), 0).length, AWARENESS_CLIENTS_MAX);
    assert.deepEqual(table.take(updateOf([{ client: AWARENESS_CLIENTS_MAX, clock: 1, state: {} }]), 0), []);
    const tooMany = updateOf([...all, { client: 1, clock: 2, state: {} }]);
    assertDecodeFails(() => table.take(tooMany, 0), 'ERR_OVER_LIMIT', 'awareness clients');
  });

  it('takes a state of AWARENESS_STATE_BYTES_MAX, and none a byte longer', () => {
    const table = new AwarenessTable();
    assertDecodeFails(() => table.take(stateOf(AWARENESS_STATE_BYTES_MAX + 1), 0), 'ERR_OVER_LIMIT', 'awareness state');
    assert.deepEqual(table.take(stateOf(AWARENESS_STATE_BYTES_MAX), 0), [1]);
  });

  it('takes nothing of an update that is none', () => {
    const update = updateOf([
      { client: 1, clock: 1, state: { name: 'a' } },
      { client: 2, clock: 1, state: null },
    ]);
    assertSurvivesSpoiling(update, (bytes) => {
      const table = new AwarenessTable();
      table.take(bytes, 0);
      return [statesOf(table), table.encode([1, 2])];
    });
    const table = new AwarenessTable();
    for (const text of ['[]', '1', '"x"', 'x']) {
      const bad = new Writer().varint(2).varint(1).varint(1).text('{}').varint(2).varint(1).text(text).finish();
      assert.throws(() => table.take(bad, 0));
    }
    assert.deepEqual(table.present, []);
  });
});
