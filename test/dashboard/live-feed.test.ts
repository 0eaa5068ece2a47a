import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CELL_STATUSES } from '../../src/dashboard/cell.ts';
import { FIRST_WINDOW_HEIGHTS } from '../../src/dashboard/client-view.ts';
import { SAMPLE_MS, WINDOW_HEIGHTS_MAX } from '../../src/dashboard/frames.ts';
import {
  CLIENTS_MAX,
  LiveFeed,
  QUIET_MS,
  READ_TIMEOUT_MS,
  SEND_BUFFER_BYTES_MAX,
  STEP_MS,
  SUMMARY_MS,
  SUMMARY_SHARE_MAX,
} from '../../src/dashboard/live-feed.ts';
import { VirtualClock } from '../net/transport/virtual-clock.ts';
import { holds } from '../properties.ts';
import { pass, TestPage, TestSource } from './feed.ts';

interface Stage {
  readonly clock: VirtualClock;
  readonly source: TestSource;
  readonly feed: LiveFeed;
}

function stage(): Stage {
  const clock = new VirtualClock();
  const source = new TestSource();
  const feed = new LiveFeed({ clock, source, build: 'b1' });
  feed.start();
  return { clock, source, feed };
}

describe('the live feed', () => {
  it('tells everything for the first paint in the first frame', () => {
    const { clock, source, feed } = stage();
    for (let number = 10; number < 20; number++) source.set(number, 'success');
    feed.noteEvidence({ type: 'clock-stepped', stepMs: 5 }, 1);
    pass(clock, 2 * SAMPLE_MS);
    const page = new TestPage();
    feed.open(page);
    assert.equal(page.frames.length, 1);
    const { build, summary, window, evidence, samples } = page.last;
    assert.equal(build, 'b1');
    assert.ok(summary !== undefined && window !== undefined);
    assert.equal(window.from, 10);
    assert.equal(page.codes.size, 10);
    assert.equal(evidence?.length, 1);
    assert.equal(samples?.length, 3);
    feed.stop();
  });

  it('begins with the newest heights, and not more of them than a screen shows', () => {
    const { source, feed } = stage();
    source.set(0, 'success');
    source.set(1_000_000, 'idle');
    const page = new TestPage();
    feed.open(page);
    assert.equal(page.codes.size, FIRST_WINDOW_HEIGHTS);
    assert.equal(page.codes.get(1_000_000), source.code(1_000_000));
    feed.stop();
  });

  it('brings every page to what the node holds, in whatever order things change and pages look elsewhere', () => {
    const status = fc.constantFrom(...CELL_STATUSES);
    const change = fc.record({ kind: fc.constant('change' as const), number: fc.nat(40), status });
    const look = fc.record({ kind: fc.constant('look' as const), from: fc.nat(40), heights: fc.nat(30) });
    const wait = fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(3 * STEP_MS) });
    holds(
      fc.property(fc.array(fc.oneof(change, look, wait), { maxLength: 40 }), (events) => {
        const { clock, source, feed } = stage();
        source.set(0, 'idle');
        const page = new TestPage();
        const client = feed.open(page);
        for (const event of events) {
          if (event.kind === 'change') {
            source.set(event.number, event.status);
            feed.noteChange(event.number);
          } else if (event.kind === 'look') {
            client?.wish({ from: event.from, heights: event.heights, open: null });
          } else pass(clock, event.ms);
        }
        pass(clock, 2 * STEP_MS);
        for (const [number, code] of page.codes) assert.equal(code, source.code(number), `height ${number}`);
        feed.stop();
      }),
    );
  });

  it('tells a height that changed a thousand times once', () => {
    const { clock, source, feed } = stage();
    for (let number = 0; number < 4; number++) source.set(number, 'idle');
    const page = new TestPage();
    feed.open(page);
    const readBefore = source.cellsRead;
    for (let at = 0; at < 1_000; at++) {
      source.set(2, at % 2 === 0 ? 'processing' : 'success');
      feed.noteChange(2);
    }
    pass(clock, STEP_MS);
    assert.deepEqual(page.last.cells, [2, source.code(2)]);
    assert.equal(source.cellsRead - readBefore, 1);
    feed.stop();
  });

  it('says nothing of heights that the page does not show, nor of changes that change no cell', () => {
    const { clock, source, feed } = stage();
    source.set(5, 'success');
    const page = new TestPage();
    feed.open(page)?.wish({ from: 5, heights: 1, open: null });
    source.set(6, 'failed');
    feed.noteChange(6);
    feed.noteChange(5);
    pass(clock, STEP_MS);
    assert.ok(page.frames.every(({ cells }) => cells === undefined));
    feed.stop();
  });

  it('notices a lease that ran out without a word', () => {
    const { clock, source, feed } = stage();
    source.set(1, 'processing');
    const page = new TestPage();
    feed.open(page);
    source.set(1, 'idle');
    pass(clock, SUMMARY_MS + STEP_MS);
    assert.equal(page.codes.get(1), source.code(1));
    feed.stop();
  });

  it('tells of the height that is open when it changes, and while it is not finished', () => {
    const { clock, source, feed } = stage();
    source.set(3, 'success');
    const page = new TestPage();
    feed.open(page)?.wish({ from: 0, heights: 8, open: 3 });
    assert.equal(page.last.height?.number, 3);
    pass(clock, 4 * SUMMARY_MS);
    assert.equal(source.heights, 1);
    feed.noteChange(3);
    pass(clock, STEP_MS);
    assert.equal(source.heights, 2);
    source.set(3, 'failed');
    feed.noteChange(3);
    pass(clock, 4 * SUMMARY_MS);
    assert.ok(source.heights > 4);
    feed.stop();
  });

  it('passes over a page that does not read, tells it all at once when it does, and ends one that never does', () => {
    const { clock, source, feed } = stage();
    source.set(0, 'idle');
    const page = new TestPage();
    feed.open(page);
    page.buffered = SEND_BUFFER_BYTES_MAX + 1;
    source.set(0, 'success');
    feed.noteChange(0);
    pass(clock, 8 * STEP_MS);
    assert.equal(page.frames.length, 1);
    page.buffered = SEND_BUFFER_BYTES_MAX;
    pass(clock, STEP_MS);
    assert.deepEqual(page.last.cells, [0, source.code(0)]);
    page.buffered = SEND_BUFFER_BYTES_MAX + 1;
    pass(clock, READ_TIMEOUT_MS);
    assert.equal(page.isClosed, false);
    pass(clock, 2 * STEP_MS);
    assert.equal(page.isClosed, true);
    assert.equal(feed.clients, 0);
    feed.stop();
  });

  it(`takes ${CLIENTS_MAX} pages, and no more until one leaves`, () => {
    const { feed } = stage();
    const clients = Array.from({ length: CLIENTS_MAX }, () => feed.open(new TestPage()));
    assert.ok(clients.every((client) => client !== undefined));
    assert.equal(feed.open(new TestPage()), undefined);
    clients[0]?.leave();
    assert.notEqual(feed.open(new TestPage()), undefined);
    feed.stop();
  });

  it('makes one summary for all pages, and makes it less often when it takes long', () => {
    const { clock, source, feed } = stage();
    const pages = [new TestPage(), new TestPage()];
    for (const page of pages) feed.open(page);
    const tookMs = 40;
    source.onSummary = () => clock.advance(tookMs);
    const before = source.summaries;
    pass(clock, SUMMARY_MS + STEP_MS);
    assert.equal(source.summaries - before, 1);
    const shareMs = tookMs / SUMMARY_SHARE_MAX;
    pass(clock, shareMs - 2 * STEP_MS);
    assert.equal(source.summaries - before, 1);
    pass(clock, 3 * STEP_MS);
    assert.equal(source.summaries - before, 2);
    feed.stop();
  });

  it('says that nothing happens, so that a page can tell silence from a quiet node', () => {
    const { clock, feed } = stage();
    const page = new TestPage();
    feed.open(page);
    const before = page.frames.length;
    pass(clock, 10 * QUIET_MS);
    assert.ok(page.frames.length - before >= 9);
    feed.stop();
  });

  it('does nothing for changes while no page is open, and stops its steps when the last one leaves', () => {
    const { clock, source, feed } = stage();
    const client = feed.open(new TestPage());
    client?.leave();
    const { summaries } = source;
    for (let number = 0; number < 100; number++) feed.noteChange(number);
    pass(clock, 10 * SUMMARY_MS);
    assert.equal(source.summaries, summaries);
    assert.equal(source.cellsRead, 0);
    feed.stop();
  });

  it('tells of no block while the directory is read, and of all once it was', () => {
    const { clock, source, feed } = stage();
    source.ready = false;
    source.set(1, 'success');
    const page = new TestPage();
    feed.open(page);
    pass(clock, SUMMARY_MS);
    assert.equal(page.codes.size, 0);
    source.ready = true;
    pass(clock, STEP_MS);
    assert.equal(page.codes.get(1), source.code(1));
    feed.stop();
  });

  it(`follows a window of ${WINDOW_HEIGHTS_MAX} heights with a frame that is small`, () => {
    const { feed, source } = stage();
    source.set(0, 'idle');
    const page = new TestPage();
    const client = feed.open(page);
    client?.wish({ from: 0, heights: WINDOW_HEIGHTS_MAX, open: null });
    assert.equal(page.codes.size, WINDOW_HEIGHTS_MAX);
    assert.ok(JSON.stringify(page.last).length < 16_384);
    feed.stop();
  });
});
