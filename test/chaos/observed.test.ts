/** What is made of what was seen: defects in logs, agreement of digests, percentiles, and the page. */

import assert from 'node:assert/strict';
import { isDefect } from '../../src/chaos/observe/log-defects.ts';
import type { Sample } from '../../src/chaos/observe/observer.ts';
import { percentile, type ChaosReport } from '../../src/chaos/outcome.ts';
import { agreementOf } from '../../src/chaos/report/agreement.ts';
import { page } from '../../src/chaos/report/page.ts';

function sample(atMs: number, digest: string | undefined): Sample {
  const figures = { success: 1, lag: 2, leases: 1, duplicates: 3, disputed: 0, connected: 1 };
  const said = digest === undefined ? undefined : { mode: 'normal', standing: 'within', digest, ...figures };
  return { atMs, state: said === undefined ? 'down' : 'answers', said, memoryBytes: 2 ** 20, handles: 10 };
}

function report(changes: Partial<ChaosReport> = {}): ChaosReport {
  return {
    summary: {
      scenario: 'made-up',
      ok: true,
      lost: 0,
      unfinished: 0,
      different: 0,
      duplicates: 3,
      healMs: { p50: 10, p99: 20 },
      seed: 1,
      report: null,
      nodes: 2,
      blocks: 5,
      seconds: 3,
      heals: 2,
      failed: [],
      skipped: null,
    },
    breaks: 'things',
    verdicts: [{ name: 'convergence', promise: 'they agree', ok: true, details: [] }],
    strikes: [
      { plan: { fault: 'kill', on: 'one', atSeconds: 0, forSeconds: 1 }, targets: [1], fromMs: 100, untilMs: 900 },
    ],
    healsMs: [10, 20],
    timelines: [
      { name: 'node-1', samples: [sample(0, 'a'), sample(1_000, 'b')] },
      { name: 'node-2', samples: [sample(10, undefined), sample(1_010, 'b')] },
    ],
    notes: [{ atMs: 0, text: 'the nodes start' }],
    command: 'driftlock chaos made-up --seed 1',
    ...changes,
  };
}

describe('what was seen of a run', () => {
  it('has a defect where a log holds what the runtime wrote, a fatal line, or a failure inside of a call', () => {
    const fine = [
      '',
      '{"level":"error","msg":"write-failed"}',
      'driftlock 12D3 on /ip4/127.0.0.1/tcp/1, no rpc',
      '{"level":"inf',
    ];
    const bad = [
      'Error: boom',
      '    at file.ts:1',
      '(node:1) MaxListenersExceededWarning: 11',
      '{"msg":"rpc-defect"}',
      '{"level":"fatal"}',
    ];
    assert.deepEqual(fine.filter(isDefect), []);
    assert.deepEqual(bad.filter(isDefect), bad);
  });

  it('agrees where half of the nodes that answered at that time had the digest', () => {
    const timelines = [
      { name: 'one', samples: [sample(0, 'a'), sample(1_000, 'b'), sample(9_000, 'b')] },
      { name: 'two', samples: [sample(10, 'a'), sample(1_010, 'c'), sample(2_000, undefined)] },
      { name: 'three', samples: [sample(20, 'a'), sample(990, 'b'), sample(2_000, undefined)] },
    ];
    const found = agreementOf(timelines);
    assert.deepEqual(found.get('one'), [true, true, undefined]);
    assert.deepEqual(found.get('two'), [true, false, undefined]);
  });

  it('has percentiles by nearest rank, and none of nothing', () => {
    assert.deepEqual(
      [percentile([], 50), percentile([7], 99), percentile([4, 1, 3, 2], 50), percentile([4, 1, 3, 2], 99)],
      [null, 7, 2, 4],
    );
  });

  it('is one page, the same for the same report, in which nothing that was said is markup', () => {
    const text = '<script>alert("x")</script>';
    const made = page(report({ breaks: text, notes: [{ atMs: 0, text }], command: text }));
    assert.equal(made, page(report({ breaks: text, notes: [{ atMs: 0, text }], command: text })));
    assert.ok(!made.includes('<script'));
    assert.equal(made.split('&lt;script>').length - 1, 3);
    assert.ok(!/(?:src|href)=/.test(made), 'it needs nothing beside it');
    for (const shown of ['convergence', 'node-2', 'From heal to identical digests', 'class="fault"', 'class="down"']) {
      assert.ok(made.includes(shown), shown);
    }
  });
});
