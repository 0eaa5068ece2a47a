import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { keccak256 } from '../../crdt/hash.ts';
import { CONTRACT_LINE_BYTES_MAX, possibleHashes } from '../../src/files/contract-line.ts';
import { CONTRACTS_FILE_BYTES_MAX, parseContracts, type Contracts } from '../../src/files/contracts.ts';
import { repairOf } from '../../src/files/contracts-repair.ts';
import { needsFixtures } from '../fixtures.ts';
import { holds } from '../properties.ts';
import { hashOf } from './arbitraries.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;

/** A line as the reference writes it: the code padded with `paddingBytes` zeros, and a jump table. */
function analyzedLine(code: Uint8Array, paddingBytes = 33): string {
  const padded = hex(Uint8Array.from([...code, ...new Uint8Array(paddingBytes)]));
  const table = `{"order":"bitvec::order::Lsb0","head":{"width":8,"index":0},"bits":${code.length},"data":[1,0]}`;
  return `["${keccak256(code)}",{"LegacyAnalyzed":{"bytecode":"${padded}","original_len":${code.length},"jump_table":${table}}}]`;
}

const code = Uint8Array.of(0x60, 0x01, 0x5b, 0x00);
const good = analyzedLine(code);
const other = analyzedLine(Uint8Array.of(0x5b));
const lineTexts = (contracts: Contracts): string[] => contracts.lines.map(({ text }) => text);

/** The file after its repair. */
function repairedFile(text: string): string {
  const bytes = bytesOf(text);
  const { overwrites, append } = repairOf(bytes, parseContracts(bytes));
  const file = Uint8Array.from([...bytes, ...append]);
  for (const overwrite of overwrites) file.set(overwrite.bytes, overwrite.offset);
  return textOf(file);
}

/** What is left of it when lines of white space are passed over, as readers do. */
function repaired(text: string): string {
  return repairedFile(text).replaceAll(/^[ \t\r]*\n/gm, '');
}

/** The code and reason of the only line of `text`, which must be bad. */
function badLine(text: string): { code: string; reason: string } {
  const { lines, bad } = parseContracts(bytesOf(`${text}\n`));
  assert.deepEqual(lines, []);
  const [line] = bad;
  assert.ok(line !== undefined && bad.length === 1);
  return { code: line.code, reason: line.reason };
}

describe('contracts.txt', () => {
  it('of the reference chain verifies in all of its ten lines, with the text they have in the file', function () {
    const bytes = readFileSync(join(needsFixtures(this), 'megaeth', 'contracts.txt'));
    const contracts = parseContracts(bytes);
    assert.equal(contracts.lines.length, 10);
    assert.deepEqual(contracts.bad, []);
    assert.deepEqual(repairOf(bytes, contracts).overwrites, []);
    const rebuilt = lineTexts(contracts)
      .map((text) => `${text}\n`)
      .join('');
    assert.equal(rebuilt, bytes.toString());
    for (const { offset, text, hash } of contracts.lines) {
      assert.equal(bytes.subarray(offset, offset + text.length).toString(), text);
      assert.ok(text.startsWith(`["${hash}"`));
    }
  });

  it('keeps numbers that a JavaScript number cannot hold', () => {
    const precise = good.replace('"data":[1,0]', '"data":[18446744073709551615]');
    assert.deepEqual(lineTexts(parseContracts(bytesOf(`${precise}\n`))), [precise]);
  });

  it('verifies every form in which the code was ever written', () => {
    const hash = keccak256(code);
    const forms = [
      `["${hash}","${hex(code)}"]`,
      `["${hash}",{"LegacyRaw":"${hex(code)}"}]`,
      `["${hash}",{"Eip7702":{"delegated_address":"0x00","version":0,"raw":"${hex(code)}"}}]`,
      analyzedLine(code, 0),
      analyzedLine(new Uint8Array()),
      ` ${good}\r`,
    ];
    for (const form of forms) assert.deepEqual(lineTexts(parseContracts(bytesOf(`${form}\n`))), [form]);
  });

  it('names the line, what was expected and what was found for each that does not verify, and keeps all others', () => {
    const wrong = good.replace('0x60', '0x61');
    const { lines, bad, tornTail } = parseContracts(bytesOf(`${good}\n${wrong}\n\n${other}\n`));
    assert.deepEqual(
      lines.map(({ text }) => text),
      [good, other],
    );
    assert.equal(tornTail, undefined);
    const [line] = bad;
    assert.ok(line !== undefined && bad.length === 1);
    assert.deepEqual([line.lineNumber, line.offset, line.code], [2, good.length + 1, 'ERR_BAD_CHECKSUM']);
    assert.match(line.reason, /^contracts\.txt line 2: code: expected keccak256 0x[0-9a-f]{64}, found 0x[0-9a-f]{64}$/);
  });

  it('tells apart all that can be wrong with a line', () => {
    const hash = keccak256(code);
    const cases: [text: string, errorCode: string, reason: RegExp][] = [
      ['{', 'ERR_NOT_JSON', /line 1: expected JSON, found "\{"$/],
      ['{}', 'ERR_BAD_FIELD', /line 1: expected \["0x<hash>", value\], found an object$/],
      [`["${hash}"]`, 'ERR_BAD_FIELD', /found an array of 1$/],
      ['[1,"0x"]', 'ERR_BAD_FIELD', /line 1: hash: expected a string, found 1$/],
      ['["0x12","0x"]', 'ERR_BAD_HASH', /line 1: hash: expected .* found "0x12"$/],
      [`["${hash}",7]`, 'ERR_BAD_FIELD', /line 1: value: expected .* found 7$/],
      [`["${hash}",{}]`, 'ERR_BAD_FIELD', /line 1: value: expected .* found an object$/],
      [`["${hash}",{"LegacyRaw":"0x","Eof":"0x"}]`, 'ERR_BAD_FIELD', /found 2 variants$/],
      [`["${hash}",{"Eof":"0x"}]`, 'ERR_UNKNOWN_VARIANT', /expected LegacyAnalyzed, .* found "Eof"$/],
      [`["${hash}",{"toString":"0x"}]`, 'ERR_UNKNOWN_VARIANT', /found "toString"$/],
      [`["${hash}",{"LegacyRaw":"60"}]`, 'ERR_BAD_FIELD', /LegacyRaw: expected 0x .* found "60"$/],
      [`["${hash}",{"LegacyRaw":"0x6"}]`, 'ERR_BAD_FIELD', /found "0x6"$/],
      [`["${hash}",{"LegacyRaw":"0x6g"}]`, 'ERR_BAD_FIELD', /found "0x6g"$/],
      [`["${hash}",{"Eip7702":"0x"}]`, 'ERR_BAD_FIELD', /Eip7702: expected an object, found "0x"$/],
      [`["${hash}",{"Eip7702":{}}]`, 'ERR_BAD_FIELD', /Eip7702: raw: expected 0x .* found nothing$/],
      [`["${hash}",{"LegacyAnalyzed":{"bytecode":"0x60"}}]`, 'ERR_BAD_FIELD', /original_len: .* found nothing$/],
      [`["${hash}",{"LegacyAnalyzed":{"original_len":0}}]`, 'ERR_BAD_FIELD', /bytecode: .* found nothing$/],
      [good.replace('"original_len":4', '"original_len":-1'), 'ERR_OUT_OF_RANGE', /expected 0…37, found -1$/],
      [good.replace('"original_len":4', '"original_len":38'), 'ERR_OUT_OF_RANGE', /expected 0…37, found 38$/],
      [good.replace('"original_len":4', '"original_len":3'), 'ERR_BAD_CHECKSUM', /code: expected keccak256/],
      [good.replace(keccak256(code), hashOf(1)), 'ERR_BAD_CHECKSUM', /code: expected keccak256 0x0101/],
    ];
    for (const [text, errorCode, reason] of cases) {
      const found = badLine(text);
      assert.equal(found.code, errorCode, text);
      assert.match(found.reason, reason);
    }
    assert.equal(parseContracts(Uint8Array.of(0xff, 0x0a)).bad[0]?.code, 'ERR_NOT_JSON');
  });

  it('torn anywhere in its last line loses that line and no other', () => {
    for (let length = 1; length < other.length; length++) {
      const torn = other.slice(0, length);
      const contracts = parseContracts(bytesOf(`${good}\n${torn}`));
      assert.deepEqual(lineTexts(contracts), [good]);
      assert.deepEqual(contracts.bad, []);
      assert.deepEqual(contracts.tornTail, { offset: good.length + 1, bytes: bytesOf(torn) });
      assert.equal(repaired(`${good}\n${torn}`), `${good}\n`);
    }
  });

  it('keeps a last line that only misses its newline, and asks for the newline', () => {
    const contracts = parseContracts(bytesOf(`${good}\n${other}`));
    assert.deepEqual(lineTexts(contracts), [good, other]);
    assert.equal(contracts.tornTail, undefined);
    assert.equal(repaired(`${good}\n${other}`), `${good}\n${other}\n`);
  });

  it('gives back a line that another program appended right behind a torn one', () => {
    const torn = good.slice(0, 30);
    const text = `${good}\n${torn}${other}\n${good}\n`;
    const contracts = parseContracts(bytesOf(text));
    assert.deepEqual(lineTexts(contracts), [good, other, good]);
    assert.equal(contracts.lines[1]?.offset, good.length + 1 + torn.length);
    assert.deepEqual(contracts.bad, [
      {
        lineNumber: 2,
        offset: good.length + 1,
        lengthBytes: 30,
        code: 'ERR_TORN_LINE',
        reason: 'contracts.txt line 2: expected one line, found 30 bytes of a torn line beside a whole one',
      },
    ]);
    assert.equal(repaired(text), `${good}\n${other}\n${good}\n`);
    assert.equal(repaired(`${torn}${torn}${other}`), `${other}\n`);
    assert.equal(repaired(`${good}\n${torn}${torn}`), `${good}\n`);
    assert.equal(repaired(`${'\0'.repeat(9)}${other}\n`), `${other}\n`);
  });

  it('separates lines that two programs appended before either wrote its newline', () => {
    const text = `${good}${other}\n\n${good}${other}${good.slice(0, 9)}`;
    const contracts = parseContracts(bytesOf(text));
    assert.deepEqual(lineTexts(contracts), [good, other, good, other]);
    assert.deepEqual(contracts.bad, []);
    assert.equal(repaired(text), `${good}\n${good}\n${other}\n${other}\n`, 'what was glued on moves to the end');
    assert.equal(repaired(`${good}${other}`), `${good}\n${other}\n`);
  });

  it('separates a glued line that does not verify, and takes it out', () => {
    const wrong = good.replace('0x60', '0x61');
    const contracts = parseContracts(bytesOf(`${wrong}${other}\n`));
    assert.deepEqual(lineTexts(contracts), [other]);
    assert.equal(contracts.bad[0]?.code, 'ERR_BAD_CHECKSUM');
    assert.equal(repaired(`${wrong}${other}\n`), `${other}\n`);
    assert.equal(repaired(`${other}${wrong}\n`), `${other}\n`);
  });

  it('gives back what was rotten, and touches no byte of any other line', () => {
    const rotten = [good.replace('0x60', '0x61'), '{}', good.replace('["0x', '["0y')];
    const text = `${good}\n${rotten[0]}\n${other}\n${rotten[1]}\n${rotten[2]}\n${good}\n`;
    const bytes = bytesOf(text);
    assert.deepEqual(repairOf(bytes, parseContracts(bytes)).rotten.map(textOf), rotten);
    const file = repairedFile(text);
    assert.equal(file.length, text.length);
    for (const line of [good, other]) assert.equal(file.indexOf(line), text.indexOf(line));
    assert.equal(repaired(text), `${good}\n${other}\n${good}\n`);
    assert.equal(repaired('{}'), '');
  });

  it('leaves a line of a form that a later version may know', () => {
    const later = `["${hashOf(1)}",{"Eof":"0x"}]\n`;
    assert.equal(repaired(later), later);
  });

  it('tells which contracts a rotten line can have been', () => {
    const [stated, spoiled] = [keccak256(code), keccak256(Uint8Array.of(0x61, 0x01, 0x5b, 0x00))];
    assert.deepEqual(possibleHashes(bytesOf(good.replace('0x60', '0x61'))), [stated, spoiled]);
    assert.deepEqual(possibleHashes(bytesOf(good.slice(0, 100))), [stated]);
    assert.deepEqual(possibleHashes(bytesOf(good.replace('["0x', '["0y'))), [stated]);
    assert.deepEqual(possibleHashes(bytesOf('{}')), []);
  });

  it('loses nothing but the torn line, and is whole after its repair, wherever it was cut off', () => {
    const codes = fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 5 });
    holds(
      fc.property(codes, fc.nat(), fc.boolean(), (contents, at, isAppendedTo) => {
        const texts = contents.map((content) => analyzedLine(content));
        const whole = texts.map((line) => `${line}\n`).join('');
        const cut = whole.slice(0, at % (whole.length + 1));
        const written = cut.split('\n').filter((line) => texts.includes(line));
        const expected = isAppendedTo ? [...written, good] : written;
        const file = isAppendedTo ? `${cut}${good}\n` : cut;
        assert.deepEqual(lineTexts(parseContracts(bytesOf(file))), expected);
        assert.equal(repaired(file), expected.map((line) => `${line}\n`).join(''));
      }),
    );
  });

  it('that is empty has no lines and needs no repair', () => {
    const contracts = parseContracts(new Uint8Array());
    assert.deepEqual(contracts.lines, []);
    assert.equal(repaired(''), '');
  });

  it('has lines of the largest size, and one byte more is a bad line that is left alone', () => {
    const largest = good.padEnd(CONTRACT_LINE_BYTES_MAX);
    assert.deepEqual(lineTexts(parseContracts(bytesOf(`${largest}\n`))), [largest]);
    const beyond = good.padEnd(CONTRACT_LINE_BYTES_MAX + 1);
    assert.equal(badLine(beyond).code, 'ERR_OVER_LIMIT');
    assert.equal(parseContracts(bytesOf(beyond)).tornTail, undefined);
  });

  it('is read at the largest size and refused one byte beyond', () => {
    const zeros = new Uint8Array(CONTRACTS_FILE_BYTES_MAX + 1);
    assert.equal(parseContracts(zeros.subarray(1)).bad.length, 1);
    assert.throws(() => parseContracts(zeros), { code: 'ERR_OVER_LIMIT' });
  });
});
