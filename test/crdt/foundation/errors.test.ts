/** Expected failures and violated invariants: two kinds that callers never confuse. */

import assert from 'node:assert/strict';
import { DecodeError, DriftlockError, isFailure } from '../../../crdt/errors.ts';
import { invariant, InvariantViolation } from '../../../crdt/invariant.ts';

const detail = { argument: '--port', expected: 'an integer in 0…65535', found: '"http"' };

describe('an expected failure', () => {
  it('names the argument, what was expected and what was found', () => {
    const error = new DriftlockError('ERR_OUT_OF_RANGE', detail);
    assert.equal(error.message, '--port: expected an integer in 0…65535, found "http"');
    assert.deepEqual(
      { code: error.code, argument: error.argument, expected: error.expected, found: error.found },
      { code: 'ERR_OUT_OF_RANGE', ...detail },
    );
  });

  it('keeps its cause', () => {
    const cause = new Error('first');
    assert.equal(new DriftlockError('ERR_DISK', detail, { cause }).cause, cause);
    assert.equal(new DecodeError('ERR_TRUNCATED', { ...detail, offset: 0 }, { cause }).cause, cause);
  });

  it('is told by its code, or by being one at all', () => {
    const error = new DecodeError('ERR_TRUNCATED', { ...detail, offset: 7 });
    assert.ok(isFailure(error));
    assert.ok(isFailure(error, 'ERR_OVER_LIMIT', 'ERR_TRUNCATED'));
    assert.ok(!isFailure(error, 'ERR_OVER_LIMIT'));
    for (const other of [new Error('ERR_TRUNCATED'), { code: 'ERR_TRUNCATED' }, undefined, 'ERR_TRUNCATED']) {
      assert.ok(!isFailure(other));
    }
  });

  it('in bytes says where it starts', () => {
    const error = new DecodeError('ERR_BAD_ENUM', { argument: 'status', expected: '0…3', found: '4', offset: 12 });
    assert.equal(error.offset, 12);
    assert.equal(error.message, 'status at byte 12: expected 0…3, found 4');
  });
});

describe('an invariant', () => {
  it('does nothing while it holds, and is no expected failure when violated', () => {
    invariant(true, 'one is one');
    assert.throws(
      () => invariant(false, 'one is two'),
      (error) =>
        error instanceof InvariantViolation && !isFailure(error) && error.message === 'invariant violated: one is two',
    );
  });
});
