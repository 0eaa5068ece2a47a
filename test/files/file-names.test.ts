import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  backupFolder,
  blockFileName,
  blocksByNumber,
  isTemporaryName,
  parseBlockFileName,
  temporaryName,
} from '../../src/files/file-names.ts';
import { holds } from '../properties.ts';
import { blockKeys, hashOf, numbers } from './arbitraries.ts';

const kinds = fc.constantFrom('validate' as const, 'witness' as const);
const hash = hashOf(0xab);

describe('file names', () => {
  it('state the kind and the block that they were made from', () => {
    holds(
      fc.property(kinds, blockKeys, (kind, key) => {
        assert.deepEqual(parseBlockFileName(blockFileName(kind, key)), { kind, key });
      }),
    );
    assert.equal(blockFileName('validate', { number: 3080, hash }), `3080.${hash}.v`);
    assert.equal(blockFileName('witness', { number: 0, hash }), `0.${hash}.w`);
  });

  it('that parse are the canonical ones', () => {
    const nearly = fc
      .tuple(fc.stringMatching(/^[0-9]{1,17}$/), fc.constantFrom(hash, hash.toUpperCase(), '0x1', ''))
      .map(([number, text]) => `${number}.${text}.v`);
    holds(
      fc.property(nearly, (name) => {
        const file = parseBlockFileName(name);
        if (file !== undefined) assert.equal(blockFileName(file.kind, file.key), name);
      }),
    );
  });

  it('that are no canonical name of a block are none', () => {
    const names = [
      '',
      '.v',
      `${hash}.v`,
      `-1.${hash}.v`,
      `01.${hash}.v`,
      `1e3.${hash}.v`,
      `9007199254740992.${hash}.v`,
      `3080.${hash}`,
      `3080.${hash}.x`,
      `3080.${hash}.v.7.tmp`,
      `3080.${hash.slice(2)}.v`,
      `3080.0x${'AB'.repeat(32)}.v`,
      `validate/3080.${hash}.v`,
      `3080.${hash}.v\n`,
      'chain.status',
    ];
    for (const name of names) assert.equal(parseBlockFileName(name), undefined, name);
    assert.notEqual(parseBlockFileName(`9007199254740991.${hash}.v`), undefined);
  });

  it('of temporary files end in .tmp and so are never taken for a block', () => {
    const name = temporaryName(`3080.${hash}.v`, (below) => below - 1);
    assert.equal(name, `3080.${hash}.v.4294967295.tmp`);
    assert.ok(isTemporaryName(name));
    assert.equal(parseBlockFileName(name), undefined);
    assert.ok(!isTemporaryName(`3080.${hash}.v`));
  });

  it('of backup folders are the number shifted by ten bits, also beyond 32 bits', () => {
    holds(
      fc.property(numbers, (number) => {
        assert.equal(backupFolder(number), `${BigInt(number) >> 10n}`);
      }),
    );
    assert.equal(backupFolder(1023), '0');
    assert.equal(backupFolder(1024), '1');
    assert.equal(backupFolder(2 ** 31 * 1024), '2147483648');
  });

  it('are grouped by number with every hash once, in order', () => {
    const names = [`7.${hashOf(2)}.v`, `7.${hashOf(1)}.w`, `7.${hashOf(1)}.v`, `8.${hash}.v`, 'chain.status', '9.tmp'];
    assert.deepEqual(
      blocksByNumber(names),
      new Map([
        [7, [hashOf(1), hashOf(2)]],
        [8, [hash]],
      ]),
    );
  });
});
