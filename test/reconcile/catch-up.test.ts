import assert from 'node:assert/strict';
import { CATCH_UP_RECORDS_MIN, CatchUpMeter } from '../../src/reconcile/catch-up.ts';
import { RATE_WINDOW_MS, type Progress } from '../../src/progress/progress-meter.ts';

function progressOf({ progress }: CatchUpMeter): Progress | undefined {
  return progress;
}

describe('the progress of catching up', () => {
  it('is that of the fullest peer, at the rate of the last ten seconds', () => {
    const meter = new CatchUpMeter();
    assert.equal(progressOf(meter), undefined);
    meter.note(0, 0, [50_000, 100_000]);
    assert.deepEqual(progressOf(meter), { done: 0, total: 100_000, perSecond: 0, leftMs: undefined });
    meter.note(1_000, 5_000, [50_000, 100_000]);
    assert.deepEqual(progressOf(meter), { done: 5_000, total: 100_000, perSecond: 5_000, leftMs: 19_000 });
    // The samples before are out of the window by now.
    meter.note(RATE_WINDOW_MS + 1_000, 5_000, [100_000]);
    assert.equal(progressOf(meter)?.leftMs, undefined);
  });

  it('is silent when few records are missing, or none', () => {
    const meter = new CatchUpMeter();
    meter.note(0, 10, [10 + CATCH_UP_RECORDS_MIN - 1]);
    assert.equal(progressOf(meter), undefined);
    meter.note(1, 10, [10 + CATCH_UP_RECORDS_MIN]);
    assert.equal(progressOf(meter)?.total, 10 + CATCH_UP_RECORDS_MIN);
    meter.note(2, 2_000, []);
    assert.equal(progressOf(meter), undefined);
  });
});
