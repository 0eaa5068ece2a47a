import assert from 'node:assert/strict';
import { POOLED_READS, WARM_READ_MS_MAX, WarmReads } from '../../src/disk/warm-reads.ts';

/** Reads by a clock of the test's own. */
class TimedReads {
  readonly reads = new WarmReads(() => this.#nowMs);
  #nowMs = 0;

  next(): 'here' | 'elsewhere' {
    return this.reads.next();
  }

  takes(elapsedMs: number): void {
    this.reads.timed(() => (this.#nowMs += elapsedMs));
  }
}

describe('where parts of files are read', () => {
  it('is the thread that asks, as long as the system has them in memory', () => {
    const reads = new TimedReads();
    for (let read = 0; read < 2 * POOLED_READS; read++) {
      assert.equal(reads.next(), 'here');
      reads.takes(WARM_READ_MS_MAX);
    }
  });

  it('is elsewhere for POOLED_READS after one that was slow, and here for the next', () => {
    const reads = new TimedReads();
    for (let round = 0; round < 3; round++) {
      assert.equal(reads.next(), 'here');
      reads.takes(WARM_READ_MS_MAX + 1);
      for (let read = 0; read < POOLED_READS; read++) assert.equal(reads.next(), 'elsewhere');
    }
    assert.equal(reads.next(), 'here');
  });

  it('counts a slow read that failed, too', () => {
    let nowMs = 0;
    const reads = new WarmReads(() => nowMs);
    const failing = (): never => {
      nowMs += WARM_READ_MS_MAX + 1;
      throw new Error('EIO');
    };
    assert.throws(() => reads.timed(failing), /EIO/);
    assert.equal(reads.next(), 'elsewhere');
  });
});
