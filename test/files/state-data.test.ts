import assert from 'node:assert/strict';
import { blake3 as nobleBlake3 } from '@noble/hashes/blake3.js';
import fc from 'fast-check';
import { decodeStateData, encodeStateData, STATE_DATA_HEADER_BYTES } from '../../src/files/state-data.ts';
import { holds } from '../properties.ts';
import { flipBit } from './arbitraries.ts';

const parts = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 4 });

describe('state data', () => {
  it('gives back the payload that was put in, whatever the parts it came in and whatever lies behind it', () => {
    holds(
      fc.property(parts, fc.uint8Array({ maxLength: 20 }), (payload, behind) => {
        const whole = Uint8Array.from(payload.flatMap((part) => [...part]));
        const encoded = encodeStateData(...payload);
        assert.deepEqual(encoded, encodeStateData(whole));
        const decoded = decodeStateData(Uint8Array.from([...encoded, ...behind]), 'x', whole.length);
        assert.deepEqual(decoded.payload, whole);
        assert.equal(decoded.endOffset, encoded.length);
      }),
    );
  });

  it('states the BLAKE3 that an independent implementation computes', () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (payload) => {
        const encoded = encodeStateData(payload);
        assert.deepEqual(encoded.slice(8, 40), nobleBlake3(payload));
        assert.equal(encoded.length, STATE_DATA_HEADER_BYTES + payload.length);
      }),
    );
  });

  it('refuses every single flipped bit', () => {
    const encoded = encodeStateData(Uint8Array.from({ length: 20 }, (_, at) => at));
    for (let bit = 0; bit < encoded.length * 8; bit++) {
      const flipped = flipBit(encoded, bit >> 3, bit & 7);
      assert.throws(() => decodeStateData(flipped, 'x', 100), { name: 'DecodeError' });
    }
  });

  it('says which hash it expected and which it found', () => {
    const wrong = flipBit(encodeStateData(Uint8Array.of(1, 2)), STATE_DATA_HEADER_BYTES, 0);
    assert.throws(() => decodeStateData(wrong, '7.v', 2), {
      code: 'ERR_BAD_CHECKSUM',
      message: /^7\.v: data at byte 48: expected BLAKE3 0x[0-9a-f]{64}, found 0x[0-9a-f]{64}$/,
    });
  });

  it('takes a payload of the limit and none beyond', () => {
    const encoded = encodeStateData(new Uint8Array(10));
    assert.equal(decodeStateData(encoded, 'x', 10).payload.length, 10);
    assert.throws(() => decodeStateData(encoded, 'x', 9), { code: 'ERR_OVER_LIMIT' });
  });
});
