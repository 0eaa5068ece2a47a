import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Tail } from '../../src/validators/tail.ts';
import { holds } from '../properties.ts';

const ascii = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 40 }), { maxLength: 20 });

describe('the tail of an output', () => {
  it('is its last bytes, however the output was cut', () => {
    holds(
      fc.property(ascii, fc.integer({ min: 1, max: 64 }), (chunks, bytesMax) => {
        const tail = new Tail(bytesMax);
        for (const chunk of chunks) tail.push(new TextEncoder().encode(chunk));
        assert.equal(tail.text(), chunks.join('').slice(-bytesMax));
      }),
    );
  });

  it('shows a character that it cut in two as unreadable', () => {
    const tail = new Tail(2);
    tail.push(new TextEncoder().encode('éa'));
    assert.equal(tail.text(), '\uFFFDa');
  });
});
