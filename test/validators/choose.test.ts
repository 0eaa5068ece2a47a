import assert from 'node:assert/strict';
import { parseValidatorChoice } from '../../src/validators/choose.ts';

describe('--validator', () => {
  it('chooses linkage, a command or none', () => {
    assert.deepEqual(parseValidatorChoice('linkage'), { kind: 'linkage' });
    assert.deepEqual(parseValidatorChoice('none'), { kind: 'none' });
    assert.deepEqual(parseValidatorChoice('exec:./validate.sh --fast'), {
      kind: 'exec',
      command: './validate.sh --fast',
    });
    assert.deepEqual(parseValidatorChoice('exec: a:b '), { kind: 'exec', command: 'a:b' });
  });

  it('refuses anything else, and says what arrived', () => {
    for (const text of ['', 'Linkage', 'exec', 'exec:', 'exec: ', './validate.sh', 'none ']) {
      assert.throws(() => parseValidatorChoice(text), {
        code: 'ERR_BAD_VALIDATOR',
        argument: '--validator',
        expected: 'linkage, exec:COMMAND or none',
        found: JSON.stringify(text),
      });
    }
  });
});
