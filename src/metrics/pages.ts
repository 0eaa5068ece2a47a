/** What a node answers to GET: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever supervises it. */

import type { NodeStatus } from '../node/status.ts';
import type { Page, Pages } from '../rpc/pages.ts';
import type { NodeMetrics } from './node-metrics.ts';
import { decideReadiness } from './readiness.ts';

const JSON_TYPE = 'application/json';

export function metricsPages(metrics: NodeMetrics, status: () => NodeStatus): Pages {
  return new Map<string, Page>([
    ['/metrics', async () => ({ status: 200, type: metrics.contentType, body: await metrics.scrape(status()) })],
    // Whoever gets an answer knows all there is to know: the event loop turns.
    ['/healthz', () => ({ status: 200, type: JSON_TYPE, body: JSON.stringify({ status: 'ok' }) })],
    [
      '/readyz',
      () => {
        const now = status();
        const readiness = decideReadiness(now);
        const body = JSON.stringify({ ...readiness, mode: now.mode });
        return { status: readiness.ready ? 200 : 503, type: JSON_TYPE, body };
      },
    ],
  ]);
}
