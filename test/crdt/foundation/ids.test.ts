/** Identifiers: canonical, and in byte order. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFailure } from '../../../crdt/errors.ts';
import {
  blockId,
  compareBlockKeys,
  compareText,
  describeText,
  hash32,
  hashFromBytes,
  hashToBytes,
  isHash32,
  isNodeId,
  nodeFromBytes,
  nodeId,
  nodeToBytes,
  parseBlockId,
  type BlockKey,
} from '../../../crdt/ids.ts';
import { holds } from '../../properties.ts';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const blockKey: fc.Arbitrary<BlockKey> = fc.record({ number: fc.maxSafeNat(), hash: bytes32.map(hashFromBytes) });
const HASH = `0x${'ab'.repeat(32)}`;

function block(number: number, byte: string): BlockKey {
  return { number, hash: `0x${byte.repeat(32)}` };
}

describe('an identifier', () => {
  it('is the same bytes again, as a hash and as a node', () => {
    holds(
      fc.property(bytes32, (bytes) => {
        const [hash, node] = [hashFromBytes(bytes), nodeFromBytes(bytes)];
        assert.ok(isHash32(hash) && isNodeId(node));
        assert.equal(hash, `0x${node}`);
        assert.deepEqual([hashToBytes(hash), nodeToBytes(node)], [bytes, bytes]);
      }),
    );
  });

  it('sorts as its bytes do', () => {
    holds(
      fc.property(bytes32, bytes32, (a, b) => {
        assert.equal(compareText(hashFromBytes(a), hashFromBytes(b)), Buffer.compare(a, b));
        assert.equal(compareText(nodeFromBytes(a), nodeFromBytes(b)), Buffer.compare(a, b));
      }),
    );
  });

  it('has exactly 32 bytes', () => {
    for (const length of [0, 31, 33]) {
      for (const make of [hashFromBytes, nodeFromBytes]) {
        assert.throws(
          () => make(new Uint8Array(length)),
          (error) => isFailure(error, 'ERR_BAD_LENGTH'),
        );
      }
    }
  });

  it('takes a hash in any case and a node in lower case only, and refuses all else by its name', () => {
    assert.equal(hash32(HASH.toUpperCase()), HASH);
    for (const text of ['', '0x', HASH.slice(2), `${HASH}0`, HASH.slice(0, -1), HASH.replace('a', 'g'), ` ${HASH}`]) {
      assert.throws(
        () => hash32(text, 'state root'),
        (error) => isFailure(error, 'ERR_BAD_HASH') && error.argument === 'state root',
      );
    }
    assert.equal(nodeId(HASH.slice(2)), HASH.slice(2));
    for (const text of ['', HASH, HASH.slice(2).toUpperCase(), HASH.slice(3), `${HASH.slice(2)}\n`]) {
      assert.throws(
        () => nodeId(text, 'member'),
        (error) => isFailure(error, 'ERR_BAD_NODE_ID') && error.argument === 'member',
      );
    }
  });

  it('of a block is the block again', () => {
    holds(fc.property(blockKey, (key) => assert.deepEqual({ ...parseBlockId(blockId(key)) }, { ...key })));
  });

  it('of a block has one spelling: all others are no block', () => {
    for (const number of ['', '-1', '01', '1e3', '0x1', ' 1', '9007199254740992', '99999999999999999', '1.0']) {
      assert.equal(parseBlockId(`${number}.${HASH}`), undefined, number);
    }
    for (const text of ['', '1', `1.${HASH.slice(2)}`, `1.${HASH.toUpperCase()}`, `1.${HASH}.v`, `1.${HASH}\n`]) {
      assert.equal(parseBlockId(text), undefined, text);
    }
    assert.equal(parseBlockId(`9007199254740991.${HASH}`)?.number, Number.MAX_SAFE_INTEGER);
    assert.equal(parseBlockId(`0.${HASH}`)?.number, 0);
  });

  it('of a block orders by height first: 9 comes before 10', () => {
    const sorted = [block(10, '00'), block(9, 'ff'), block(9, '00')].sort(compareBlockKeys);
    assert.deepEqual(sorted, [block(9, '00'), block(9, 'ff'), block(10, '00')]);
  });
});

describe('arrived text in an error', () => {
  it('is quoted whole up to 80 characters, and cut beyond', () => {
    assert.equal(describeText('a"b\n'), '"a\\"b\\n"');
    assert.equal(describeText('x'.repeat(80)), `"${'x'.repeat(80)}"`);
    assert.equal(describeText('x'.repeat(81)), `"${'x'.repeat(60)}"… (81 characters)`);
  });
});
