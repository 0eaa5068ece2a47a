import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DecodeCode } from '../../../crdt/errors.ts';
import {
  decodeFrame,
  encodeEntry,
  encodeFrame,
  entriesMax,
  type Frame,
  type TurnEnd,
} from '../../../net/reconcile/frame.ts';
import type { FrameEntries, FrameKind } from '../../../net/reconcile/frame.ts';
import { RANGES_LISTED_MAX, RANGES_PER_SESSION_MAX } from '../../../net/reconcile/limits.ts';
import { RANGE_INDEX_MAX } from '../../../net/reconcile/view.ts';
import { holds } from '../../properties.ts';
import { arbitraryKey, arbitraryKeyedRecord } from '../keyed-records.ts';
import { keyAt, signedResult, SignedNodes } from '../signed-nodes.ts';
import { assertDecodeFails, assertSurvivesSpoiling } from '../spoiled-bytes.ts';

function encode<Kind extends FrameKind>(kind: Kind, end: TurnEnd, entries: readonly FrameEntries[Kind][]): Uint8Array {
  return encodeFrame(
    kind,
    end,
    entries.map((entry) => encodeEntry(kind, entry)),
  );
}

const DIGEST = 0x0102030405060708090a0b0c0d0e0f10n;
const DIGEST_HEX = '0102030405060708090a0b0c0d0e0f10';
const HASH_1 = 'b000000000000000000000000000000000000000000000000000000000000001';
const HASH_1024 = 'b000000000000000000000000000000000000000000000000000000000000400';
const result = signedResult(new SignedNodes().make(1), keyAt(1024));

const GOLDEN: readonly { readonly bytes: Uint8Array; readonly hex: string }[] = [
  {
    bytes: encode('ranges', 'complete', [
      { index: 3, count: 300, digest: DIGEST },
      { index: 70_000, count: 1, digest: 0n },
    ]),
    hex: `0101010203ac02${DIGEST_HEX}f0a20401${'00'.repeat(16)}`,
  },
  { bytes: encode('differing', 'goes-on', [3, 70_000]), hex: '0102000203f0a204' },
  { bytes: encode('differing', 'complete', []), hex: '01020100' },
  {
    bytes: encode('items', 'more-next-session', [{ key: keyAt(1024), fingerprint: DIGEST }]),
    hex: `010302018008${HASH_1024}${DIGEST_HEX}`,
  },
  { bytes: encode('wants', 'goes-on', [keyAt(1)]), hex: `0104000101${HASH_1}` },
  {
    bytes: encode('records', 'complete', [result]),
    hex: [
      `010501018008${HASH_1024}`,
      `01028a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c${HASH_1}`,
      // Results alone, one of them: node, Success, root, epoch, sequence, stamp, signature.
      '010100010101010000000003e80000',
      '28cbe02d88de4784fcf396cf6968dfee23ced587282ca7aa349c68bc807d9f63',
      '8edbdb9116b3a69b1f486250509d06ecd37bcf595dd04d658f99c89082e16a0b',
    ].join(''),
  },
];

const ends = fc.constantFrom<TurnEnd>('goes-on', 'complete', 'more-next-session');
const fingerprint = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
const key = arbitraryKey.map((each) => ({ ...each }));
const index = fc.nat(RANGE_INDEX_MAX);
const range = fc.record({ index, count: fc.integer({ min: 1 }), digest: fingerprint }, { noNullPrototype: true });
const item = fc.record({ key, fingerprint }, { noNullPrototype: true });

function frames<Kind extends FrameKind>(kind: Kind, entry: fc.Arbitrary<FrameEntries[Kind]>): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(ends, fc.array(entry, { maxLength: 6 }))
    .filter(([end, entries]) => end !== 'goes-on' || entries.length > 0)
    .map(([end, entries]) => encode(kind, end, entries));
}

function decodesToWhatWasEncoded<Kind extends FrameKind>(kind: Kind, entry: fc.Arbitrary<FrameEntries[Kind]>): void {
  holds(
    fc.property(ends, fc.array(entry, { minLength: 1, maxLength: 6 }), (end, entries) => {
      assert.deepEqual(decodeFrame(encode(kind, end, entries)), { kind, end, entries });
    }),
  );
}

function encodeAgain({ kind, end, entries }: Frame): Uint8Array {
  const encoded = entries.map((entry) => encodeEntry<FrameKind>(kind, entry));
  return encodeFrame(kind, end, encoded);
}

function refused(bytes: readonly number[], code: DecodeCode, field: string): void {
  assertDecodeFails(() => decodeFrame(new Uint8Array(bytes)), code, field);
}

describe('a reconcile frame', () => {
  it('has these bytes', () => {
    for (const { bytes, hex } of GOLDEN) assert.equal(Buffer.from(bytes).toString('hex'), hex);
  });

  it('decodes to what was encoded', () => {
    decodesToWhatWasEncoded('ranges', range);
    decodesToWhatWasEncoded('differing', index);
    decodesToWhatWasEncoded('items', item);
    decodesToWhatWasEncoded('wants', key);
    decodesToWhatWasEncoded('records', arbitraryKeyedRecord);
  });

  it('encodes to what was decoded', () => {
    const any = fc.oneof(
      frames('ranges', range),
      frames('differing', index),
      frames('items', item),
      frames('wants', key),
      frames('records', arbitraryKeyedRecord),
    );
    holds(fc.property(any, (bytes) => assert.deepEqual(encodeAgain(decodeFrame(bytes)), bytes)));
  });

  it('spoiled in any bit or cut anywhere is undecodable or another one', () => {
    for (const { bytes } of GOLDEN) assertSurvivesSpoiling(bytes, decodeFrame);
  });

  it('with an unknown version, kind or end, an empty range or nothing in mid-turn is refused', () => {
    refused([2, 2, 1, 0], 'ERR_UNKNOWN_VERSION', 'reconcile frame version');
    refused([1, 0, 1, 0], 'ERR_BAD_ENUM', 'frame kind');
    refused([1, 6, 1, 0], 'ERR_BAD_ENUM', 'frame kind');
    refused([1, 2, 3, 0], 'ERR_BAD_ENUM', 'frame end');
    refused([1, 2, 0, 0], 'ERR_NOT_CANONICAL', 'frame entry count');
    refused([1, 2, 1, 0, 0], 'ERR_TRAILING_BYTES', 'reconcile frame');
    refused([1, 1, 1, 1, 3, 0, ...new Uint8Array(16)], 'ERR_OUT_OF_RANGE', 'range count');
  });

  it('holds as many entries as its kind may, and not one more', () => {
    const indexes = Array.from({ length: RANGES_PER_SESSION_MAX + 1 }, (_, at) => at);
    assert.equal(decodeFrame(encode('differing', 'complete', indexes.slice(1))).entries.length, RANGES_PER_SESSION_MAX);
    assertDecodeFails(
      () => decodeFrame(encode('differing', 'complete', indexes)),
      'ERR_OVER_LIMIT',
      'frame entry count',
    );
    assert.equal(entriesMax('ranges'), RANGES_LISTED_MAX);
  });

  it('names no range above the one of the highest block number', () => {
    assert.deepEqual(decodeFrame(encode('differing', 'complete', [RANGE_INDEX_MAX])).entries, [RANGE_INDEX_MAX]);
    const beyond = encode('differing', 'complete', [RANGE_INDEX_MAX + 1]);
    assertDecodeFails(() => decodeFrame(beyond), 'ERR_OVER_LIMIT', 'differing range');
  });
});
