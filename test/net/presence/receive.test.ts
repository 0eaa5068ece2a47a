import assert from 'node:assert/strict';
import type { NodeId } from '../../../crdt/ids.ts';
import type { Signer } from '../../../net/framing/envelope.ts';
import { encodeHeartbeat } from '../../../net/presence/heartbeat.ts';
import { receiveHeartbeat } from '../../../net/presence/receive.ts';
import { EMPTY_PRESENCE, hear } from '../../../net/presence/table.ts';
import { SignedNodes } from '../signed-nodes.ts';
import { heartbeatOf } from './heartbeats.ts';

const CLUSTER = 'test-cluster';
const nodes = new SignedNodes();
const [alice, stranger] = [nodes.make(1), nodes.make(2)];
const trust = { cluster: CLUSTER, isMember: (node: NodeId) => node === alice.node, verify: nodes.verify };

function beat(signer: Signer, sequence: number, cluster = CLUSTER): Uint8Array {
  return encodeHeartbeat(cluster, signer, heartbeatOf(signer.node, { sequence }));
}

describe('a heartbeat that arrives', () => {
  const { table } = hear(EMPTY_PRESENCE, heartbeatOf(alice.node, { sequence: 3 }), 0);
  const newer = beat(alice, 4);
  newer[0] = 2;
  const spoiled = beat(alice, 4);
  spoiled[spoiled.length - 1] = (spoiled.at(-1) ?? 0) ^ 1;

  it('is accepted from a member, and enters the table', () => {
    const receipt = receiveHeartbeat(table, beat(alice, 4), 10, trust);
    const heartbeat = heartbeatOf(alice.node, { sequence: 4 });
    assert.deepEqual(receipt, {
      verdict: 'accept',
      reason: 'later',
      table: new Map([[alice.node, { heartbeat, heardAtMs: 10 }]]),
      heartbeat,
    });
  });

  const refused = [
    { what: 'a repetition', bytes: beat(alice, 3), verdict: 'ignore', reason: 'stale' },
    { what: 'a newer version', bytes: newer, verdict: 'ignore', reason: 'unknown-version' },
    { what: 'one of a stranger', bytes: beat(stranger, 4), verdict: 'ignore', reason: 'not-member' },
    { what: 'junk', bytes: new Uint8Array(100).fill(1), verdict: 'reject', reason: 'undecodable' },
    { what: 'one with a spoiled signature', bytes: spoiled, verdict: 'reject', reason: 'bad-signature' },
    { what: 'one for another cluster', bytes: beat(alice, 4, 'other'), verdict: 'reject', reason: 'bad-signature' },
  ] as const;
  for (const { what, bytes, verdict, reason } of refused) {
    it(`leaves the table alone if it is ${what}: ${verdict}, ${reason}`, () => {
      const receipt = receiveHeartbeat(table, bytes, 10, trust);
      assert.deepEqual(receipt, { verdict, reason, table, heartbeat: undefined });
      assert.equal(receipt.table, table);
    });
  }
});
