import assert from 'node:assert/strict';
import fc from 'fast-check';
import { envelopeMessage, openEnvelope, sealEnvelope } from '../../../net/framing/envelope.ts';
import { holds } from '../../properties.ts';
import { SignedNodes } from '../signed-nodes.ts';
import { assertDecodeFails } from '../spoiled-bytes.ts';

const nodes = new SignedNodes();
const signer = nodes.make(1);

describe('an envelope', () => {
  it('holds the body and a signature for this tag, cluster and body alone', () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 100 }), (body) => {
        const sealed = openEnvelope(sealEnvelope('tag', 'cluster', body, signer), 'envelope', 200);
        assert.deepEqual(Buffer.from(sealed.body), Buffer.from(body));
        const signedAs = (tag: string, cluster: string, signed: Uint8Array): boolean =>
          nodes.verify(signer.node, envelopeMessage(tag, cluster, signed), sealed.signature);
        assert.ok(signedAs('tag', 'cluster', body));
        assert.ok(!signedAs('tag2', 'cluster', body));
        assert.ok(!signedAs('tag', 'other', body));
        assert.ok(!signedAs('tagc', 'luster', body));
        assert.ok(!signedAs('tag', 'cluster', new Uint8Array([...body, 0])));
      }),
    );
  });

  it('is opened at its limit and not one byte beyond, nor without room for a signature', () => {
    assert.equal(openEnvelope(new Uint8Array(100), 'envelope', 100).body.length, 36);
    assertDecodeFails(() => openEnvelope(new Uint8Array(101), 'envelope', 100), 'ERR_OVER_LIMIT', 'envelope');
    assert.equal(openEnvelope(new Uint8Array(64), 'envelope', 100).body.length, 0);
    assertDecodeFails(() => openEnvelope(new Uint8Array(63), 'envelope', 100), 'ERR_TRUNCATED', 'envelope signature');
  });
});
