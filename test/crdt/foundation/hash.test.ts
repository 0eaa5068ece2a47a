/** The hash functions, against a second implementation and published vectors. */

import assert from 'node:assert/strict';
import { blake3 as nobleBlake3 } from '@noble/hashes/blake3.js';
import fc from 'fast-check';
import { nativeBlake3, wasmBlake3 } from '../../../crdt/blake3.ts';
import { blake3, blake3Hash, blake3Stream, keccak256 } from '../../../crdt/hash.ts';
import { hashFromBytes, hashToBytes } from '../../../crdt/ids.ts';
import { holds } from '../../properties.ts';

/** BLAKE3 works in chunks of 1 KiB that form a tree: sizes around its edges, and any other. */
const input = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .constantFrom(63, 64, 65, 1023, 1024, 1025, 2048, 2049, 4095, 4096, 5000)
    .chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
);

function expectedOf(parts: readonly Uint8Array[]): Uint8Array {
  return nobleBlake3(Buffer.concat(parts));
}

/** The input of the official BLAKE3 test vectors: 0, 1, … 250, 0, … */
function vectorInput(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at % 251);
}

describe('BLAKE3', () => {
  it('agrees with @noble/hashes on any input', () => {
    holds(
      fc.property(input, (bytes) => {
        const expected = nobleBlake3(bytes);
        assert.deepEqual(new Uint8Array(blake3(bytes)), expected);
        assert.equal(blake3Hash(bytes), hashFromBytes(expected));
      }),
    );
  });

  it('gives the digests of the official test vectors', () => {
    const vectors: [number, string][] = [
      [0, '0xaf1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
      [1, '0x2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
      [1024, '0x42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
    ];
    for (const [length, digest] of vectors) assert.equal(blake3Hash(vectorInput(length)), digest);
  });

  it('of parts is that of the whole', () => {
    holds(
      fc.property(fc.array(input, { maxLength: 5 }), (parts) => {
        assert.equal(blake3Hash(...parts), blake3Hash(Buffer.concat(parts)));
      }),
    );
  });

  it('of a stream is that of the whole, also with other hashes computed meanwhile', () => {
    holds(
      fc.property(fc.array(input, { maxLength: 5 }), fc.array(input, { maxLength: 5 }), (mine, theirs) => {
        const [first, second] = [blake3Stream(), blake3Stream()];
        for (let at = 0; at < Math.max(mine.length, theirs.length); at++) {
          const [one, other] = [mine[at], theirs[at]];
          if (one !== undefined) first.update(one);
          if (other !== undefined) blake3(other);
          if (other !== undefined) second.update(other);
        }
        assert.equal(first.digest(), blake3Hash(Buffer.concat(mine)));
        assert.equal(second.digest(), blake3Hash(Buffer.concat(theirs)));
      }),
    );
  });

  it('gives a digest that the next call does not overwrite', () => {
    const digest = blake3(Uint8Array.of(1));
    const before = hashFromBytes(digest);
    blake3(Uint8Array.of(2));
    assert.equal(hashFromBytes(digest), before);
    assert.deepEqual(hashToBytes(before), new Uint8Array(digest));
  });
});

describe('each implementation of BLAKE3', () => {
  for (const [name, implementation] of [
    ['WebAssembly', wasmBlake3],
    ['the native module', nativeBlake3],
  ] as const) {
    it(`${name} agrees with @noble/hashes on parts, and on streams that take turns`, function () {
      if (implementation === undefined) {
        process.stderr.write('skipped: @napi-rs/blake-hash has no binary here\n');
        this.skip();
      }
      holds(
        fc.property(fc.array(input, { maxLength: 4 }), fc.array(input, { maxLength: 4 }), (mine, theirs) => {
          assert.deepEqual(implementation.hash(mine), expectedOf(mine));
          const [first, second] = [implementation.stream(), implementation.stream()];
          for (let at = 0; at < 4; at++) {
            const [one, other] = [mine[at], theirs[at]];
            if (one !== undefined) first.update(one);
            if (other !== undefined) second.update(other);
          }
          assert.deepEqual(first.digest(), expectedOf(mine));
          assert.deepEqual(second.digest(), expectedOf(theirs));
          first.update(Uint8Array.of(7));
          assert.deepEqual(first.digest(), expectedOf([Uint8Array.of(7)]), 'it begins anew');
        }),
      );
    });
  }
});

describe('keccak256', () => {
  it('gives the known digests of Ethereum, which differ from SHA3-256', () => {
    const vectors: [string, string][] = [
      ['', '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'],
      ['abc', '0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45'],
      ['hello', '0x1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8'],
    ];
    for (const [text, digest] of vectors) assert.equal(keccak256(new TextEncoder().encode(text)), digest);
  });
});
