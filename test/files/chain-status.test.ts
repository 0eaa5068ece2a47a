import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CHAIN_STATUS_BYTES_MAX, decodeChainStatus, encodeChainStatus } from '../../src/files/chain-status.ts';
import { holds } from '../properties.ts';
import { blockKeys, hashOf } from './arbitraries.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const blockHash = hashOf(0xab);
const text = `{"block_number":3080,"block_hash":"${blockHash}"}`;

describe('chain.status', () => {
  it('decodes to what was encoded', () => {
    holds(
      fc.property(blockKeys, ({ number, hash }) => {
        const status = { blockNumber: number, blockHash: hash };
        assert.deepEqual(decodeChainStatus(encodeChainStatus(status)), status);
      }),
    );
  });

  it('is written as serde_json writes it', () => {
    assert.deepEqual(encodeChainStatus({ blockNumber: 3080, blockHash }), bytesOf(text));
  });

  it('is read with white space, other fields, any order and upper-case hex', () => {
    const other = `{ "block_hash": "0x${'AB'.repeat(32)}",\n "more": [1], "block_number": 3080 }\n`;
    assert.deepEqual(decodeChainStatus(bytesOf(other)), { blockNumber: 3080, blockHash });
  });

  it('is refused with its name, the field, what was expected and what was found', () => {
    const cases: [text: string, code: string, message: RegExp][] = [
      ['', 'ERR_NOT_JSON', /^chain\.status: expected JSON, found ""$/],
      [text.slice(0, -1), 'ERR_NOT_JSON', /^chain\.status: expected JSON, found "\{\\"block_number/],
      ['[1,2]', 'ERR_BAD_FIELD', /^chain\.status: expected a JSON object, found an array of 2$/],
      ['null', 'ERR_BAD_FIELD', /expected a JSON object, found null$/],
      [`{"block_hash":"${blockHash}"}`, 'ERR_BAD_FIELD', /: block_number: expected an integer, found nothing$/],
      ['{"block_number":"3080"}', 'ERR_BAD_FIELD', /: block_number: expected an integer, found "3080"$/],
      ['{"block_number":1.5}', 'ERR_BAD_FIELD', /: block_number: expected an integer, found 1.5$/],
      ['{"block_number":-1}', 'ERR_OUT_OF_RANGE', /: block_number: expected 0…9007199254740991, found -1$/],
      ['{"block_number":9007199254740992}', 'ERR_OUT_OF_RANGE', /found 9007199254740992$/],
      ['{"block_number":3080}', 'ERR_BAD_FIELD', /: block_hash: expected a string, found nothing$/],
      ['{"block_number":3080,"block_hash":{}}', 'ERR_BAD_FIELD', /: block_hash: expected a string, found an object$/],
      ['{"block_number":3080,"block_hash":"0x12"}', 'ERR_BAD_HASH', /: block_hash: expected .*, found "0x12"$/],
    ];
    for (const [content, code, message] of cases) {
      assert.throws(() => decodeChainStatus(bytesOf(content)), { code, message });
    }
    assert.throws(() => decodeChainStatus(Uint8Array.of(0xff)), { code: 'ERR_NOT_JSON', found: '1 bytes, not UTF-8' });
  });

  it('keeps the block number 2^53 − 1', () => {
    const status = { blockNumber: Number.MAX_SAFE_INTEGER, blockHash };
    assert.deepEqual(decodeChainStatus(encodeChainStatus(status)), status);
  });

  it('is read at the largest size and refused one byte beyond', () => {
    assert.equal(decodeChainStatus(bytesOf(text.padEnd(CHAIN_STATUS_BYTES_MAX))).blockNumber, 3080);
    assert.throws(() => decodeChainStatus(bytesOf(text.padEnd(CHAIN_STATUS_BYTES_MAX + 1))), {
      code: 'ERR_OVER_LIMIT',
    });
  });
});
