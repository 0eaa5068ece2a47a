import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareBytes, equalBytes } from '../../../crdt/bytes.ts';
import { holds } from '../../properties.ts';

const arbitraryBytes = fc.oneof(fc.uint8Array({ maxLength: 3, max: 2 }), fc.uint8Array({ maxLength: 80 }));

describe('byte strings', () => {
  it('are ordered as Buffer.compare orders them: by byte, a prefix first', () => {
    holds(
      fc.property(arbitraryBytes, arbitraryBytes, (a, b) => {
        assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(a, b));
        assert.equal(Math.sign(compareBytes(a, Uint8Array.from([...a, ...b]))), b.length === 0 ? 0 : -1);
      }),
    );
  });

  it('are equal when every byte is, wherever they lie in memory', () => {
    holds(
      fc.property(arbitraryBytes, arbitraryBytes, (a, b) => {
        assert.equal(equalBytes(a, b), Buffer.from(a).equals(b));
        assert.equal(equalBytes(a, Uint8Array.from([7, ...a]).subarray(1)), true);
      }),
    );
  });
});
