import assert from 'node:assert/strict';
import fc from 'fast-check';
import { growChain } from '../../src/chain/grow.ts';
import { EXTRA_DATA_BYTES_MAX, hashHeader, parseHeader } from '../../src/chain/header.ts';
import { needsFixtures } from '../fixtures.ts';
import { holds } from '../properties.ts';
import { fixtureBlock, fixtureKeys } from './fixture-blocks.ts';

/** Block 0 of Ethereum's main network, which has the 15 fields that every header has. */
const MAINNET_GENESIS = {
  parentHash: `0x${'00'.repeat(32)}`,
  sha3Uncles: '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
  miner: `0x${'00'.repeat(20)}`,
  stateRoot: '0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544',
  transactionsRoot: '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421',
  receiptsRoot: '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421',
  logsBloom: `0x${'00'.repeat(256)}`,
  difficulty: '0x400000000',
  number: '0x0',
  gasLimit: '0x1388',
  gasUsed: '0x0',
  timestamp: '0x0',
  extraData: '0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa',
  mixHash: `0x${'00'.repeat(32)}`,
  nonce: '0x0000000000000042',
};

const LATER_FIELDS = [
  'baseFeePerGas',
  'withdrawalsRoot',
  'blobGasUsed',
  'excessBlobGas',
  'parentBeaconBlockRoot',
  'requestsHash',
];

/** A block with all 21 fields. */
const WHOLE = growChain({ firstNumber: 8, count: 0, seed: 'header' }).root.block;

function badField(field: string, expected: string, found: string): object {
  return { code: 'ERR_BAD_HEADER', argument: `answer: ${field}`, expected, found };
}

describe('a block header', () => {
  it('hashes to the hash of its block, for each of 17 real blocks', function () {
    const fixtures = needsFixtures(this);
    const keys = fixtureKeys(fixtures);
    assert.equal(keys.length, 17);
    for (const key of keys) {
      const header = parseHeader(fixtureBlock(fixtures, key), 'fixture');
      assert.equal(hashHeader(header), key.hash);
      assert.equal(header.number, key.number);
    }
  });

  it('without the fields of later forks hashes as it did before them', () => {
    const hash = '0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3';
    assert.equal(hashHeader(parseHeader(MAINNET_GENESIS, 'answer')), hash);
    const withNulls = { ...MAINNET_GENESIS, baseFeePerGas: null, requestsHash: null };
    assert.equal(hashHeader(parseHeader(withNulls, 'answer')), hash);
  });

  it('may end after any fork, each with a hash of its own', () => {
    const hashes = new Set<string>();
    for (let kept = 0; kept <= LATER_FIELDS.length; kept++) {
      const dropped = new Set(LATER_FIELDS.slice(kept));
      const block = Object.fromEntries(Object.entries(WHOLE).filter(([field]) => !dropped.has(field)));
      hashes.add(hashHeader(parseHeader(block, 'answer')));
    }
    assert.equal(hashes.size, LATER_FIELDS.length + 1);
  });

  it('is refused when a field of a fork follows one that is absent', () => {
    const block = { ...WHOLE, withdrawalsRoot: undefined };
    assert.throws(
      () => parseHeader(block, 'answer'),
      badField('blobGasUsed', 'nothing, as withdrawalsRoot is absent', '"0x0"'),
    );
  });

  it('is refused with the name of the field that is missing or wrong', () => {
    const { miner: _miner, ...withoutMiner } = MAINNET_GENESIS;
    const cases: [object, object][] = [
      [withoutMiner, badField('miner', '0x and 20 bytes in hex', 'nothing')],
      [{ ...WHOLE, stateRoot: '0x12' }, badField('stateRoot', '0x and 64 hex digits', '"0x12"')],
      [{ ...WHOLE, gasUsed: 5 }, badField('gasUsed', '0x and 1 to 64 hex digits', 'a value of type number')],
      [{ ...WHOLE, gasUsed: '0x' }, badField('gasUsed', '0x and 1 to 64 hex digits', '"0x"')],
      [{ ...WHOLE, nonce: '0x00' }, badField('nonce', '0x and 8 bytes in hex', '"0x00"')],
      [{ ...WHOLE, extraData: '0x0' }, badField('extraData', '0x and 0 to 8192 bytes in hex', '"0x0"')],
      [{ ...WHOLE, requestsHash: [] }, badField('requestsHash', '0x and 64 hex digits', 'an array')],
    ];
    for (const [block, error] of cases) assert.throws(() => parseHeader(block, 'answer'), error);
    for (const [block, found] of [
      [null, 'null'],
      [[], 'an array'],
      ['0x', '"0x"'],
    ]) {
      const error = { code: 'ERR_BAD_HEADER', argument: 'answer', expected: 'a JSON-RPC block object', found };
      assert.throws(() => parseHeader(block, 'answer'), error);
    }
  });

  it('takes block numbers up to 2^53 − 1, quantities up to 256 bits and bounded extra data, and nothing beyond', () => {
    const limits: [string, string, string][] = [
      ['number', '0x1fffffffffffff', '0x20000000000000'],
      ['difficulty', `0x${'f'.repeat(64)}`, `0x1${'0'.repeat(64)}`],
      ['extraData', `0x${'ab'.repeat(EXTRA_DATA_BYTES_MAX)}`, `0x${'ab'.repeat(EXTRA_DATA_BYTES_MAX + 1)}`],
    ];
    for (const [field, last, beyond] of limits) {
      assert.match(hashHeader(parseHeader({ ...WHOLE, [field]: last }, 'answer')), /^0x[0-9a-f]{64}$/);
      assert.throws(() => parseHeader({ ...WHOLE, [field]: beyond }, 'answer'), { argument: `answer: ${field}` });
    }
  });

  it('hashes the same however its hex is written', () => {
    const shouted = Object.fromEntries(
      Object.entries(MAINNET_GENESIS).map(([field, hex]) => [field, `0x${hex.slice(2).toUpperCase()}`]),
    );
    const padded = { ...shouted, gasLimit: '0x0001388' };
    assert.deepEqual(parseHeader(padded, 'answer'), parseHeader(MAINNET_GENESIS, 'answer'));
  });

  it('changes its hash with any digit of any field', () => {
    const fields = Object.keys(parseHeader(WHOLE, 'answer')).filter((field) => WHOLE[field] !== '0x');
    assert.equal(fields.length, 20, 'all fields but the empty extraData');
    const original = hashHeader(parseHeader(WHOLE, 'answer'));
    holds(
      fc.property(fc.constantFrom(...fields), fc.nat(), fc.integer({ min: 1, max: 15 }), (field, position, change) => {
        const hex = String(WHOLE[field]);
        const at = 2 + (position % (hex.length - 2));
        const digit = (Number.parseInt(hex.charAt(at), 16) ^ change).toString(16);
        const tampered = { ...WHOLE, [field]: hex.slice(0, at) + digit + hex.slice(at + 1) };
        assert.notEqual(hashHeader(parseHeader(tampered, 'answer')), original);
      }),
    );
  });
});
