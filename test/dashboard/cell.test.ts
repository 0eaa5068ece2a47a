import assert from 'node:assert/strict';
import { CELL_CODE_MAX, CELL_STATUSES, cellCode, readCell, worse, type Cell } from '../../src/dashboard/cell.ts';

describe('the code of a height', () => {
  it('says the status and what is special, and is read back the same', () => {
    const codes = new Set<number>();
    for (const status of CELL_STATUSES) {
      for (const isDisputed of [false, true]) {
        for (const hasRivals of [false, true]) {
          const cell: Cell = { status, isDisputed, hasRivals };
          const code = cellCode(cell);
          assert.ok(code <= CELL_CODE_MAX);
          assert.deepEqual(readCell(code), cell);
          codes.add(code);
        }
      }
    }
    assert.equal(codes.size, CELL_STATUSES.length * 4);
  });

  it('is unknown when a later version made it', () => {
    assert.equal(readCell(7).status, 'unknown');
  });

  it('shows, of two blocks at one height, the one that needs people more, in either order', () => {
    assert.equal(worse('success', 'failed'), 'failed');
    assert.equal(worse('failed', 'processing'), 'failed');
    assert.equal(worse('idle', 'success'), 'idle');
    assert.equal(worse('unknown', 'success'), 'success');
  });
});
