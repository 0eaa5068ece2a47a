import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeFrame, encodeFrame, type Frame, type Message } from '../../../net/reconcile/frame.ts';
import type { ShownRange } from '../../../net/reconcile/frame-parts.ts';
import { boundAt, compareItems, END, type Item, type ItemRange } from '../../../net/reconcile/index/item.ts';
import {
  IDS_PER_TURN_MAX,
  LIST_ITEMS_MAX,
  SKETCH_SYMBOLS_MAX,
  SUMMARIES_PER_FRAME_MAX,
} from '../../../net/reconcile/limits.ts';
import { SYMBOL_WORDS } from '../../../net/reconcile/sketch/coded-symbols.ts';
import { ESTIMATOR_COUNTERS } from '../../../net/reconcile/sketch/estimator.ts';
import type { DecodeCode } from '../../../crdt/errors.ts';
import { DecodeError } from '../../../crdt/errors.ts';
import { holds } from '../../properties.ts';
import { arbitraryKeyedRecord } from '../keyed-records.ts';
import { keyAt, signedResult, SignedNodes } from '../signed-nodes.ts';
import { assertDecodeFails, assertSurvivesSpoiling } from '../spoiled-bytes.ts';

const FINGERPRINT = 0x0102030405060708090a0b0c0d0e0f10n;
const FINGERPRINT_HEX = '0102030405060708090a0b0c0d0e0f10';
const HASH_1 = 'b000000000000000000000000000000000000000000000000000000000000001';
const HASH_1024 = 'b000000000000000000000000000000000000000000000000000000000000400';
const WHOLE: ItemRange = { from: boundAt(0), to: END };
const WHOLE_HEX = '010000';
const result = signedResult(new SignedNodes().make(1), keyAt(1024));

function frame(message: Message, end: Frame['end'] = 'your-turn', more = false): Uint8Array {
  return encodeFrame({ message, end, more });
}

const GOLDEN: readonly { readonly bytes: Uint8Array; readonly hex: string }[] = [
  {
    bytes: frame({ kind: 'hello', lowestKept: 300, nextUnfinished: 301, tip: 70_000, count: 2, sum: FINGERPRINT }),
    hex: `020101ac0201ad0201f0a20402${FINGERPRINT_HEX}`,
  },
  {
    bytes: frame(
      { kind: 'hello', lowestKept: 0, nextUnfinished: undefined, tip: undefined, count: 0, sum: 0n },
      'finished',
    ),
    hex: `02010200000000${'00'.repeat(16)}`,
  },
  {
    bytes: frame(
      {
        kind: 'summaries',
        ranges: [
          { range: WHOLE, count: 3, sum: FINGERPRINT, counters: undefined },
          {
            range: { from: { number: 5, fingerprint: 0xabn << 120n }, to: { number: 6, fingerprint: FINGERPRINT } },
            count: 300,
            sum: 0n,
            counters: new Int16Array(ESTIMATOR_COUNTERS).fill(-2, 0, 1),
          },
        ],
      },
      'your-turn',
      true,
    ),
    hex: `02020502${WHOLE_HEX}03${FINGERPRINT_HEX}000205ab1106${FINGERPRINT_HEX}ac02${'00'.repeat(16)}01fffe${'0000'.repeat(ESTIMATOR_COUNTERS - 1)}`,
  },
  {
    bytes: frame({ kind: 'list', range: WHOLE, items: [{ number: 300, fingerprint: FINGERPRINT }] }, 'goes-on'),
    hex: `020300${WHOLE_HEX}01ac02${FINGERPRINT_HEX}`,
  },
  {
    bytes: frame({ kind: 'sketch', range: WHOLE, first: 12, symbols: Uint32Array.of(1, 0xffff_ffff, 3) }),
    hex: `020401${WHOLE_HEX}0c0100000001ffffffff00000003`,
  },
  { bytes: frame({ kind: 'more', range: WHOLE, length: 400 }), hex: `020501${WHOLE_HEX}9003` },
  { bytes: frame({ kind: 'ask', range: { from: boundAt(7), to: boundAt(9) } }), hex: '02060101070109' },
  {
    bytes: frame({ kind: 'offers', ids: [1n, 2n ** 64n - 1n] }),
    hex: `020701020000000000000001${'ff'.repeat(8)}`,
  },
  { bytes: frame({ kind: 'full-offers', fingerprints: [FINGERPRINT] }), hex: `02080101${FINGERPRINT_HEX}` },
  {
    bytes: frame({ kind: 'accepts', wanted: [true, false, false, false, false, false, false, false, true] }),
    hex: '020901098080',
  },
  { bytes: frame({ kind: 'wants', ids: [1n] }, 'finished', true), hex: '020a06010000000000000001' },
  {
    bytes: frame({ kind: 'records', records: [result] }, 'finished'),
    hex: [
      `020b02018008${HASH_1024}`,
      `01028a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c${HASH_1}`,
      // Results alone, one of them: node, Success, root, epoch, sequence, stamp, signature.
      '010100010101010000000003e80000',
      '28cbe02d88de4784fcf396cf6968dfee23ced587282ca7aa349c68bc807d9f63',
      '8edbdb9116b3a69b1f486250509d06ecd37bcf595dd04d658f99c89082e16a0b',
    ].join(''),
  },
];

const fingerprint = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
  fc.nat(255).map((byte) => BigInt(byte) << 120n),
);
const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const count = fc.maxSafeNat();
const item: fc.Arbitrary<Item> = fc.record({ number: count, fingerprint }, { noNullPrototype: true });
const range = fc
  .tuple(item, fc.oneof(item, fc.constant(END)))
  .map(([a, b]) => (compareItems(a, b) < 0 ? { from: a, to: b } : { from: b, to: a }))
  .filter(({ from, to }) => compareItems(from, to) < 0);
const counters = fc.array(fc.integer({ min: -32_768, max: 32_767 }), {
  minLength: ESTIMATOR_COUNTERS,
  maxLength: ESTIMATOR_COUNTERS,
});
const shown: fc.Arbitrary<ShownRange> = fc
  .tuple(range, count, fingerprint, fc.option(counters))
  .map(([of, items, sum, each]) => ({
    range: of,
    count: items,
    sum,
    counters: each === null ? undefined : Int16Array.from(each),
  }));
const optional = fc.option(count, { nil: undefined });
const symbols = fc
  .array(fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), fc.nat(0xffff_ffff)), { minLength: 1, maxLength: 5 })
  .map((each) => Uint32Array.from(each.flat()));
function few<T>(each: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(each, { maxLength: 4 });
}

/** Any message. */
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.tuple(count, optional, optional, count, fingerprint).map(([lowestKept, nextUnfinished, tip, all, sum]) => ({
    kind: 'hello' as const,
    lowestKept,
    nextUnfinished,
    tip,
    count: all,
    sum,
  })),
  few(shown).map((ranges) => ({ kind: 'summaries' as const, ranges })),
  fc.tuple(range, few(item)).map(([of, items]) => ({ kind: 'list' as const, range: of, items })),
  fc
    .tuple(range, fc.nat(SKETCH_SYMBOLS_MAX - 5), symbols)
    .map(([of, first, coded]) => ({ kind: 'sketch' as const, range: of, first, symbols: coded })),
  fc.tuple(range, fc.nat(SKETCH_SYMBOLS_MAX)).map(([of, length]) => ({ kind: 'more' as const, range: of, length })),
  range.map((of) => ({ kind: 'ask' as const, range: of })),
  few(id).map((ids) => ({ kind: 'offers' as const, ids })),
  few(fingerprint).map((fingerprints) => ({ kind: 'full-offers' as const, fingerprints })),
  fc.array(fc.boolean(), { maxLength: 20 }).map((wanted) => ({ kind: 'accepts' as const, wanted })),
  few(id).map((ids) => ({ kind: 'wants' as const, ids })),
  few(arbitraryKeyedRecord).map((records) => ({ kind: 'records' as const, records })),
);
const arbitraryFrame: fc.Arbitrary<Frame> = fc
  .tuple(message, fc.constantFrom<Frame['end']>('goes-on', 'your-turn', 'finished'), fc.boolean())
  .map(([said, end, more]) => ({ message: said, end, more: more && end !== 'goes-on' }));

function repeat<T>(length: number, entry: T): T[] {
  return Array.from({ length }, () => entry);
}

function refused(bytes: readonly number[], code: DecodeCode, field: string): void {
  assertDecodeFails(() => decodeFrame(new Uint8Array(bytes)), code, field);
}

describe('a reconcile frame', () => {
  it('has these bytes', () => {
    for (const { bytes, hex } of GOLDEN) assert.equal(Buffer.from(bytes).toString('hex'), hex);
  });

  it('decodes to what was encoded, and encodes to what was decoded', () => {
    holds(
      fc.property(arbitraryFrame, (each) => {
        const bytes = encodeFrame(each);
        assert.deepEqual(decodeFrame(bytes), each);
        assert.deepEqual(encodeFrame(decodeFrame(bytes)), bytes);
      }),
    );
  });

  it('spoiled in any bit or cut anywhere is undecodable or another one', () => {
    for (const { bytes } of GOLDEN) assertSurvivesSpoiling(bytes, decodeFrame);
  });

  it('of arbitrary bytes is undecodable or encodes to these bytes', () => {
    const header = fc.tuple(fc.constant(2), fc.nat(12), fc.constantFrom(0, 1, 2, 5, 6));
    const bytes = fc.tuple(header, fc.uint8Array({ maxLength: 200 })).map(([start, rest]) => [...start, ...rest]);
    holds(
      fc.property(bytes, (each) => {
        const input = Uint8Array.from(each);
        try {
          assert.deepEqual(encodeFrame(decodeFrame(input)), input);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      }),
    );
  });

  it('with an unknown version, kind or end, or in another than the one encoding is refused', () => {
    refused([1, 10, 1, 0], 'ERR_UNKNOWN_VERSION', 'reconcile frame version');
    refused([2, 0, 1, 0], 'ERR_BAD_ENUM', 'frame kind');
    refused([2, 12, 1, 0], 'ERR_BAD_ENUM', 'frame kind');
    for (const end of [3, 4, 7, 8]) refused([2, 10, end, 0], 'ERR_BAD_ENUM', 'frame end');
    refused([2, 10, 1, 0, 0], 'ERR_TRAILING_BYTES', 'reconcile frame');
    refused([2, 6, 1, 1, 7, 1, 7], 'ERR_OUT_OF_RANGE', 'range');
    refused([2, 6, 1, 0, 0], 'ERR_OUT_OF_RANGE', 'range');
    refused([2, 6, 1, 2, 7, 0, 0], 'ERR_NOT_CANONICAL', 'bound fingerprint');
    refused([2, 6, 1, 18, 7, 0, 0], 'ERR_OVER_LIMIT', 'bound');
    refused([2, 4, 1, 1, 0, 0, 0, 0], 'ERR_OUT_OF_RANGE', 'symbol count');
    refused([2, 9, 1, 1, 0xc0], 'ERR_NOT_CANONICAL', 'bits');
    refused([2, 1, 1, 0, 2, 0, 0], 'ERR_BAD_ENUM', 'next unfinished block');
  });

  it('holds as many entries as its kind may, and not one more', () => {
    const first: Item = { number: 1, fingerprint: 1n };
    const one = { range: WHOLE, count: 1, sum: 1n, counters: undefined };
    const limits: readonly [number, string, (length: number) => Message][] = [
      [SUMMARIES_PER_FRAME_MAX, 'summary count', (length) => ({ kind: 'summaries', ranges: repeat(length, one) })],
      [LIST_ITEMS_MAX, 'list length', (length) => ({ kind: 'list', range: WHOLE, items: repeat(length, first) })],
      [IDS_PER_TURN_MAX, 'id count', (length) => ({ kind: 'offers', ids: repeat(length, 1n) })],
      [IDS_PER_TURN_MAX, 'id count', (length) => ({ kind: 'wants', ids: repeat(length, 1n) })],
      [IDS_PER_TURN_MAX, 'offer count', (length) => ({ kind: 'full-offers', fingerprints: repeat(length, 1n) })],
      [IDS_PER_TURN_MAX, 'bit count', (length) => ({ kind: 'accepts', wanted: repeat(length, true) })],
      [
        SKETCH_SYMBOLS_MAX - 5,
        'symbol count',
        (length) => ({ kind: 'sketch', range: WHOLE, first: 5, symbols: new Uint32Array(length * SYMBOL_WORDS) }),
      ],
      [SKETCH_SYMBOLS_MAX, 'sketch length', (length) => ({ kind: 'more', range: WHOLE, length })],
    ];
    for (const [max, field, of] of limits) {
      assert.deepEqual(decodeFrame(frame(of(max))).message, of(max));
      assertDecodeFails(() => decodeFrame(frame(of(max + 1))), 'ERR_OVER_LIMIT', field);
    }
  });
});
