import assert from 'node:assert/strict';
import { cellCode } from '../../src/dashboard/cell.ts';
import { EVIDENCE_KEPT_MAX, SAMPLES_MAX, type Frame, type Sample } from '../../src/dashboard/frames.ts';
import { clockPosition, isBeyondScale } from '../../src/dashboard/page/model/clock-scale.ts';
import { isSilent, retryDelayMs, SILENCE_MS_MAX } from '../../src/dashboard/page/model/connection.ts';
import {
  INITIAL_STATE,
  reduce,
  remainingNow,
  type Action,
  type PageState,
} from '../../src/dashboard/page/model/page-state.ts';
import { plotSeries } from '../../src/dashboard/page/model/plot-series.ts';
import { applyFrame, codeAt, EMPTY_WINDOW } from '../../src/dashboard/page/model/window-codes.ts';
import { offsetText, shortenIds } from '../../src/dashboard/page/model/words.ts';
import { EMPTY_SUMMARY } from './feed.ts';

const frame = (parts: Partial<Frame>): Frame => ({ build: 'b', sentAtMs: 0, ...parts });
const after = (...actions: readonly Action[]): PageState => actions.reduce(reduce, INITIAL_STATE);
const heard = (parts: Partial<Frame>, atMs = 0): Action => ({ type: 'frame', frame: frame(parts), atMs });

const detail = (number: number): Action => heard({ height: { number, blocks: [], evidence: [] } });
const open = (number: number | null): Action => ({ type: 'open-height', number });

const sample = (parts: Partial<Sample>): Sample => ({
  atMs: 0,
  finished: 0,
  claims: 0,
  results: 0,
  duplicates: 0,
  linked: 0,
  agreeing: 0,
  convergenceMs: null,
  ...parts,
});

describe('the state of the page', () => {
  it('keeps what it shows when the connection is lost, and how old that is', () => {
    const state = after(
      { type: 'connected', atMs: 5 },
      heard({ summary: EMPTY_SUMMARY }, 10),
      { type: 'lost', atMs: 900, retryAtMs: 1_300 },
      { type: 'tick', atMs: 1_000 },
    );
    assert.deepEqual(state.link, { state: 'lost', sinceMs: 900, retryAtMs: 1_300 });
    assert.equal(state.summary?.value, EMPTY_SUMMARY);
    assert.equal(state.nowMs - (state.heardAtMs ?? 0), 990);
  });

  it('stays lost, since the first moment, while it tries in vain, and recovers with the next connection', () => {
    const trying = after(
      { type: 'lost', atMs: 1, retryAtMs: 2 },
      { type: 'connecting' },
      { type: 'lost', atMs: 7, retryAtMs: 9 },
    );
    assert.deepEqual(trying.link, { state: 'lost', sinceMs: 1, retryAtMs: 9 });
    assert.deepEqual(reduce(trying, { type: 'connected', atMs: 10 }).link, { state: 'open' });
  });

  it('begins samples and evidence anew with each connection, which brings them all', () => {
    const first = heard({ samples: [sample({})], evidence: [{ atMs: 1, type: 'a', block: null, text: '' }] });
    const state = after({ type: 'connected', atMs: 0 }, first, { type: 'connected', atMs: 1 }, first);
    assert.equal(state.samples.length, 1);
    assert.equal(state.evidence.length, 1);
  });

  it('holds no more samples and evidence than the node does', () => {
    const line = { atMs: 1, type: 'a', block: null, text: '' };
    const state = after(
      heard({
        samples: Array.from({ length: SAMPLES_MAX }, () => sample({})),
        evidence: Array.from({ length: EVIDENCE_KEPT_MAX }, () => line),
      }),
      heard({ samples: [sample({ atMs: 9 })], evidence: [{ ...line, atMs: 9 }] }),
    );
    assert.equal(state.samples.length, SAMPLES_MAX);
    assert.equal(state.samples.at(-1)?.atMs, 9);
    assert.equal(state.evidence.length, EVIDENCE_KEPT_MAX);
    assert.equal(state.evidence.at(-1)?.atMs, 9);
  });

  it('shows of the height that is open what was told of it, and nothing of the one before', () => {
    assert.equal(after(open(7), detail(7)).height?.value.number, 7);
    assert.equal(after(open(7), detail(7), open(8)).height, undefined);
    assert.equal(after(open(8), detail(7)).height, undefined);
    assert.equal(after(open(7), detail(7), open(null)).height, undefined);
  });

  it('changes nothing that a frame does not tell of', () => {
    const before = after(heard({ summary: EMPTY_SUMMARY, window: { from: 0, codes: 'AQ==' } }));
    const state = reduce(before, heard({}, 5));
    assert.equal(state.window, before.window);
    assert.equal(state.summary, before.summary);
    assert.equal(state.samples, before.samples);
  });

  it('counts a lease down from when it was told of, to nothing', () => {
    assert.equal(remainingNow(1_000, 200, 700), 500);
    assert.equal(remainingNow(1_000, 200, 5_000), 0);
  });
});

describe('the window of the page', () => {
  const success = cellCode({ status: 'success', isDisputed: false, hasRivals: false });
  const codes = Buffer.from([0, success, 0]).toString('base64');

  it('holds what it was told, and what changed since', () => {
    const window = applyFrame(EMPTY_WINDOW, { window: { from: 10, codes } });
    assert.equal(codeAt(window, 11), success);
    const changed = applyFrame(window, { cells: [10, success, 12, success] });
    assert.deepEqual([codeAt(changed, 10), codeAt(changed, 12)], [success, success]);
    assert.equal(codeAt(window, 10), 0, 'the window before is as it was');
  });

  it('knows nothing of heights beyond it', () => {
    const window = applyFrame(EMPTY_WINDOW, { window: { from: 10, codes }, cells: [9, success, 13, success] });
    assert.equal(codeAt(window, 9), undefined);
    assert.equal(codeAt(window, 13), undefined);
  });
});

describe('the plots', () => {
  it('draw rates between samples, and a gap where the node started anew', () => {
    const { finishedPerSecond } = plotSeries([
      sample({ atMs: 0, finished: 100 }),
      sample({ atMs: 2_000, finished: 110 }),
      sample({ atMs: 4_000, finished: 0 }),
      sample({ atMs: 6_000, finished: 4 }),
    ]);
    assert.deepEqual(finishedPerSecond, [null, 5, null, 2]);
  });

  it('draw the share of duplicates among the results that came, and nothing when none did', () => {
    const { duplicatePercent } = plotSeries([
      sample({ results: 10 }),
      sample({ atMs: 2_000, results: 20, duplicates: 2 }),
      sample({ atMs: 4_000, results: 20, duplicates: 2 }),
    ]);
    assert.deepEqual(duplicatePercent, [null, 20, 20]);
    assert.deepEqual(plotSeries([sample({}), sample({ atMs: 1 })]).duplicatePercent, [null, null]);
  });

  it('draw who agrees of those that are linked', () => {
    assert.deepEqual(plotSeries([sample({ linked: 4, agreeing: 3 }), sample({ linked: 0 })]).agreeingPercent, [
      75,
      null,
    ]);
  });
});

describe('the scale of clocks', () => {
  it('is even around no offset, tells a millisecond from none, and has room beyond the bound', () => {
    assert.equal(clockPosition(0, 500), 0.5);
    assert.ok(Math.abs(clockPosition(-30, 500) + clockPosition(30, 500) - 1) < 1e-9);
    assert.ok(clockPosition(1, 500) - 0.5 > 0.03);
    assert.ok(clockPosition(500, 500) < 0.95);
    assert.ok(clockPosition(501, 500) > clockPosition(500, 500));
  });

  it('ends, and says so', () => {
    assert.equal(clockPosition(1e9, 500), 1);
    assert.equal(isBeyondScale(-1e9, 500), true);
    assert.equal(isBeyondScale(600, 500), false);
  });
});

describe('the connection of the page', () => {
  it('is tried again soon, then ever less often up to a limit, and never by all pages at one moment', () => {
    const shortest = [1, 2, 3, 4, 5, 20].map((failures) => retryDelayMs(failures, () => 0));
    assert.deepEqual(shortest, [200, 400, 800, 1_600, 3_200, 4_000]);
    assert.equal(
      retryDelayMs(20, (below) => below - 1),
      8_000,
    );
  });

  it('is taken for lost after a silence', () => {
    assert.equal(isSilent(0, SILENCE_MS_MAX), false);
    assert.equal(isSilent(0, SILENCE_MS_MAX + 1), true);
  });
});

describe('the words of the page', () => {
  it('shorten identifiers within a text, and nothing else', () => {
    const peer = '12D3KooWGatU8DT8bRaHUwEBbjPhS7JDZJ1bYLWUkUJJpXCyrcYx';
    const hash = `0x${'ab'.repeat(32)}`;
    assert.equal(shortenIds(`3.${hash} of ${peer}, 0xabc`), '3.0xabababab… of …CyrcYx, 0xabc');
  });

  it('give an offset with its sign and its bound', () => {
    assert.equal(offsetText(0.26, 1.2), '+0.3 ± 1.2 ms');
    assert.equal(offsetText(-60_000, 3), '−60000 ± 3.0 ms');
    assert.equal(offsetText(null, null), 'not measured');
  });
});
