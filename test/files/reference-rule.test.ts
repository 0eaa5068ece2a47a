/** Who may claim a block by the reference's rule. */

import assert from 'node:assert/strict';
import { ZERO_HASH } from '../../crdt/ids.ts';
import { isFreeForReference } from '../../src/files/reference-rule.ts';
import type { ValidateInfo, ValidateStatus } from '../../src/files/validate-info.ts';

const NOW_SECONDS = 1_000n;

function infoOf(status: ValidateStatus, lockTimeSeconds = 0n): ValidateInfo {
  return { status, blockHash: ZERO_HASH, blockNumber: 1, stateRoot: ZERO_HASH, lockTimeSeconds, blobIds: [] };
}

describe("the reference's rule", () => {
  it('frees what has no file, is Idle or Failed, and what is Processing once its lock time has passed', () => {
    assert.equal(isFreeForReference(undefined, NOW_SECONDS), true);
    assert.equal(isFreeForReference(infoOf('Idle'), NOW_SECONDS), true);
    assert.equal(isFreeForReference(infoOf('Failed', 2_000n), NOW_SECONDS), true);
    assert.equal(isFreeForReference(infoOf('Processing', NOW_SECONDS - 1n), NOW_SECONDS), true);
  });

  it('does not free what is Success, or Processing up to its lock time', () => {
    assert.equal(isFreeForReference(infoOf('Success'), NOW_SECONDS), false);
    assert.equal(isFreeForReference(infoOf('Processing', NOW_SECONDS), NOW_SECONDS), false);
  });
});
