import assert from 'node:assert/strict';
import type { NodeId } from '../../../crdt/ids.ts';
import { bytesToHex } from '../../../crdt/hex.ts';
import { encodeNews, receiveNews } from '../../../net/document/gossip.ts';
import { DOCUMENT_GOSSIP_PAYLOAD_BYTES_MAX } from '../../../net/document/limits.ts';
import type { Signer } from '../../../net/framing/envelope.ts';
import { GOSSIP_MESSAGE_BYTES_MAX } from '../../../net/network.ts';
import { SignedNodes } from '../signed-nodes.ts';

const CLUSTER = 'test-cluster';
const nodes = new SignedNodes();
const [alice, stranger] = [nodes.make(1), nodes.make(2)];
const trust = { cluster: CLUSTER, isMember: (node: NodeId) => node === alice.node, verify: nodes.verify };
const payload = Uint8Array.of(0, 0);

const SIGNATURE =
  'a85c00bcbe7bae16ae1e736e3587daf48c97ae5f19f1be030c2a8afbd255573bd0c593f9b0e431680f27e5009680c45b8bd3156af485e42f3264f8820f513f06';

function newsOf(signer: Signer, bytes = payload, cluster = CLUSTER): Uint8Array {
  return encodeNews(cluster, signer, { node: signer.node, kind: 'update', payload: bytes });
}

describe('news of the cluster document', () => {
  it('have golden bytes', () => {
    const [body, kind, rest] = [`01${alice.node}`, '00', '0000'];
    assert.equal(bytesToHex(newsOf(alice)).slice(0, -128), `${body}${kind}${rest}`);
    const said = encodeNews(CLUSTER, alice, { node: alice.node, kind: 'awareness', payload });
    assert.equal(bytesToHex(said).slice(0, -128), `${body}01${rest}`);
    assert.equal(bytesToHex(newsOf(alice)).slice(-128), SIGNATURE);
  });

  it('are accepted from a member', () => {
    const news = { node: alice.node, kind: 'update', payload };
    assert.deepEqual(receiveNews(newsOf(alice), trust), { verdict: 'accept', reason: 'valid', news });
  });

  it('fill a gossip message, and take no byte more', () => {
    const full = newsOf(alice, new Uint8Array(DOCUMENT_GOSSIP_PAYLOAD_BYTES_MAX));
    assert.equal(full.length, GOSSIP_MESSAGE_BYTES_MAX);
    assert.equal(receiveNews(full, trust).verdict, 'accept');
    assert.throws(() => newsOf(alice, new Uint8Array(DOCUMENT_GOSSIP_PAYLOAD_BYTES_MAX + 1)));
    assert.equal(receiveNews(new Uint8Array(GOSSIP_MESSAGE_BYTES_MAX + 1), trust).reason, 'undecodable');
  });

  const newer = newsOf(alice);
  newer[0] = 2;
  const ofNoKind = newsOf(alice);
  ofNoKind[33] = 2;
  const spoiled = newsOf(alice);
  spoiled[spoiled.length - 1] = (spoiled.at(-1) ?? 0) ^ 1;
  const refused = [
    { what: 'a newer version', bytes: newer, verdict: 'ignore', reason: 'unknown-version' },
    { what: 'those of a stranger', bytes: newsOf(stranger), verdict: 'ignore', reason: 'not-member' },
    { what: 'those of no kind', bytes: ofNoKind, verdict: 'reject', reason: 'undecodable' },
    { what: 'junk', bytes: new Uint8Array(90).fill(1), verdict: 'reject', reason: 'undecodable' },
    { what: 'those with a spoiled signature', bytes: spoiled, verdict: 'reject', reason: 'bad-signature' },
    {
      what: 'those for another cluster',
      bytes: newsOf(alice, payload, 'x'),
      verdict: 'reject',
      reason: 'bad-signature',
    },
  ] as const;
  for (const { what, bytes, verdict, reason } of refused) {
    it(`are not taken if they are ${what}: ${verdict}, ${reason}`, () => {
      assert.deepEqual(receiveNews(bytes, trust), { verdict, reason, news: undefined });
    });
  }
});
