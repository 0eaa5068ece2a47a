import assert from 'node:assert/strict';
import { join } from 'node:path';
import { EvidenceLog, FLUSH_MS, FLUSH_RETRY_MS } from '../../src/evidence/evidence-log.ts';
import type { EvidenceRecord } from '../../src/evidence/evidence-record.ts';
import { EVIDENCE_LIMITS, parseSegmentName, segmentName, type EvidenceLimits } from '../../src/evidence/limits.ts';
import { EvidenceReader, isBlockQuery, type EvidenceQuery } from '../../src/evidence/read-evidence.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { nodeOf } from '../crdt/block/arbitraries.ts';
import { EVIDENT_EVENTS, KEY_OF } from './records.ts';

const DIRECTORY = '/data/evidence';

async function all(records: AsyncIterable<EvidenceRecord>): Promise<EvidenceRecord[]> {
  const found: EvidenceRecord[] = [];
  for await (const record of records) found.push(record);
  return found;
}

class Desk {
  readonly clock = new VirtualClock();
  disk = new MemoryDisk();
  readonly failures: unknown[] = [];

  async open(limits: Partial<EvidenceLimits> = {}): Promise<EvidenceLog> {
    await this.disk.makeDirectory(DIRECTORY);
    const log = new EvidenceLog({
      disk: this.disk,
      clock: this.clock,
      directory: DIRECTORY,
      self: nodeOf(1),
      onFailure: (_file, error) => this.failures.push(error),
      limits: { ...EVIDENCE_LIMITS, ...limits },
    });
    await log.open();
    return log;
  }

  reader(query: Partial<EvidenceQuery> = {}): EvidenceReader {
    return new EvidenceReader(this.disk, DIRECTORY, { types: [], ...query });
  }

  async read(query: Partial<EvidenceQuery> = {}): Promise<EvidenceRecord[]> {
    return all(this.reader(query).read());
  }

  async segments(): Promise<string[]> {
    return (await this.disk.list(DIRECTORY)).sort();
  }
}

const step = (stepMs: number) => ({ type: 'clock-stepped', stepMs }) as const;
const lost = (number: number) => ({ type: 'lease-lost', key: KEY_OF(number), epoch: 1, reason: 'expired' }) as const;
const stepsOf = (records: readonly EvidenceRecord[]): number[] =>
  records.flatMap((record) => (record.type === 'clock-stepped' ? [record.stepMs] : []));

describe('the evidence of a node', () => {
  it('is there a moment after it was noted, in the order in which it happened, over both streams', async () => {
    const desk = new Desk();
    const log = await desk.open();
    for (const event of EVIDENT_EVENTS) log.note(event);
    assert.deepEqual(await desk.read(), []);
    await desk.clock.advance(FLUSH_MS);
    const records = await desk.read();
    assert.deepEqual(
      records.map(({ type }) => type),
      EVIDENT_EVENTS.map(({ type }) => type),
    );
    assert.deepEqual(
      records.map(({ sequence }) => sequence),
      EVIDENT_EVENTS.map((_, at) => at),
    );
    await log.close();
  });

  it('is asked by type, by block and by time', async () => {
    const desk = new Desk();
    const log = await desk.open();
    for (const event of EVIDENT_EVENTS) log.note(event);
    await desk.clock.advance(60_000);
    const sinceMs = desk.clock.wallMs();
    log.note(lost(1));
    log.note(lost(12));
    await log.close();
    assert.equal((await desk.read({ types: ['disputed', 'converged'] })).length, 2);
    assert.equal((await desk.read({ sinceMs })).length, 2);
    assert.equal((await desk.read({ block: '1', types: ['lease-lost'] })).length, 2);
    assert.equal((await desk.read({ block: `12.${KEY_OF(12).hash}` })).length, 1);
    assert.equal((await desk.read({ block: `12.${KEY_OF(1).hash}` })).length, 0);
    assert(isBlockQuery('12') && isBlockQuery(`12.${KEY_OF(12).hash}`));
    for (const text of ['', 'x', '12.', '12.0x12', `12.${KEY_OF(12).hash}.v`, '-1']) assert(!isBlockQuery(text), text);
  });

  it('can be followed over a rotation and a restart', async () => {
    const desk = new Desk();
    const reader = desk.reader();
    const following = async (): Promise<number[]> => stepsOf(await all(reader.read()));
    const first = await desk.open({ segmentBytes: 1 });
    first.note(step(1));
    await desk.clock.advance(FLUSH_MS);
    assert.deepEqual(await following(), [1]);
    first.note(step(2));
    await first.close();
    const second = await desk.open();
    second.note(step(3));
    await desk.clock.advance(FLUSH_MS);
    assert.deepEqual(await following(), [2, 3]);
    assert.deepEqual(await following(), []);
    second.note(step(4));
    await second.close();
    assert.deepEqual(await following(), [4]);
  });

  it('keeps as many segments of each stream as it may, and with one more loses the oldest', async () => {
    const desk = new Desk();
    const log = await desk.open({ segmentBytes: 1, segmentsMax: 3 });
    const flush = (): Promise<unknown> => desk.clock.advance(FLUSH_MS);
    for (const ms of [1, 2]) {
      log.note(step(ms));
      await flush();
    }
    log.note(lost(1));
    await flush();
    assert.deepEqual(stepsOf(await desk.read()), [1, 2]);
    for (const ms of [3, 4]) {
      log.note(step(ms));
      await flush();
    }
    assert.deepEqual(stepsOf(await desk.read()), [3, 4]);
    assert.equal((await desk.read({ types: ['lease-lost'] })).length, 1, 'the other stream is left alone');
    await log.close();
    assert((await desk.segments()).filter((name) => name.startsWith('cluster')).length <= 3);
    // Runs that write nothing pile nothing up.
    for (let run = 0; run < 5; run++) await (await desk.open({ segmentsMax: 3 })).close();
    assert((await desk.segments()).length <= 6);
  });

  it('never continues a line that a crash tore, and the lines around it are read', async () => {
    const desk = new Desk();
    const first = await desk.open();
    first.note(step(1));
    await first.close();
    const path = join(DIRECTORY, segmentName({ stream: 'cluster', number: 1 }));
    const sizeBytes = Number((await desk.disk.identify(path))?.sizeBytes);
    await desk.disk.writeAt(path, sizeBytes, new TextEncoder().encode('{"at":"2026-'));
    const second = await desk.open();
    second.note(step(2));
    await second.close();
    assert.deepEqual(stepsOf(await desk.read()), [1, 2]);
  });

  it('passes over lines that are no records, and counts them', async () => {
    const desk = new Desk();
    const log = await desk.open();
    const path = join(DIRECTORY, segmentName({ stream: 'cluster', number: 1 }));
    await desk.disk.writeAt(path, 0, new TextEncoder().encode('no json\n{"type":"disputed"}\n\0\n'));
    await log.close();
    const reader = desk.reader();
    assert.deepEqual(await all(reader.read()), []);
    assert.equal(reader.passedOver, 3);
  });

  it('of a disk that takes nothing is kept up to the limit, and what is beyond it is counted', async () => {
    const desk = new Desk();
    let isFull = true;
    desk.disk = new MemoryDisk({
      beforeOperation: (operation) => {
        if (operation === 'writeAt' && isFull) throw new Error('full');
      },
    });
    const log = await desk.open({ recordsWaitingMax: 3 });
    for (const ms of [1, 2, 3, 4, 5]) log.note(step(ms));
    await desk.clock.advance(FLUSH_MS);
    assert.equal(desk.failures.length, 1);
    isFull = false;
    await desk.clock.advance(FLUSH_RETRY_MS + FLUSH_MS);
    const records = await desk.read();
    assert.deepEqual(stepsOf(records), [1, 2, 3]);
    const [told] = records.slice(-1);
    assert(told?.type === 'evidence-lost');
    assert.equal(told.count, 2);
    await log.close();
  });

  it('lies in segments whose names say where they belong', () => {
    const name = { stream: 'blocks', number: 42 } as const;
    assert.deepEqual(parseSegmentName(segmentName(name)), name);
    for (const text of ['blocks-42.jsonl', 'other-0000000042.jsonl', 'blocks-0000000042.jsonl.tmp']) {
      assert.equal(parseSegmentName(text), undefined);
    }
  });
});
