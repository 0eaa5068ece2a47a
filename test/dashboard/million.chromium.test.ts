/** The page on a node with a million blocks, made up: what is looked at is what the page makes of them. */

import assert from 'node:assert/strict';
import { buildPage } from '../../scripts/build-page.ts';
import { LIVE_PATH } from '../../src/dashboard/frames.ts';
import { LiveFeed } from '../../src/dashboard/live-feed.ts';
import { liveSocket } from '../../src/dashboard/live-socket.ts';
import { readPageFiles } from '../../src/dashboard/page-files.ts';
import { systemClock } from '../../src/node/machine.ts';
import { startRpcServer, type RpcServer } from '../../src/rpc/server.ts';
import { testQueries } from '../rpc/queries.ts';
import { TEST_TIMEOUT_MS } from '../cluster/until.ts';
import { Browser, findChromium, keepScreenshot, skipWithoutChromium } from './chromium.ts';
import { EMPTY_SUMMARY, TestSource } from './feed.ts';
import { cellCode } from '../../src/dashboard/cell.ts';
import type { Summary } from '../../src/dashboard/frames.ts';

const HIGHEST = 1_000_000;
const WIDTH = 10_417;

/** Finished all, but for one in a thousand. */
class MillionSource extends TestSource {
  override cell(number: number): number {
    if (number < 1 || number > HIGHEST) return 0;
    return this.cells.has(number) ? super.cell(number) : success;
  }

  override summary(): Summary {
    const pieces = Array.from({ length: Math.ceil(HIGHEST / WIDTH) }, (_, at) => ({
      total: WIDTH,
      idle: 0,
      processing: 0,
      failed: at === 40 ? 1_000 : 0,
      disputed: 0,
    }));
    const blocks = { ...EMPTY_SUMMARY.blocks, total: HIGHEST, success: HIGHEST };
    return { ...EMPTY_SUMMARY, blocks, overview: { lowest: 1, highest: HIGHEST, width: WIDTH, pieces } };
  }
}

const success = cellCode({ status: 'success', isDisputed: false, hasRivals: false });

describe('the dashboard of a million blocks', function () {
  this.timeout(TEST_TIMEOUT_MS);
  const source = new MillionSource();
  let server: RpcServer;
  let browser: Browser;
  let feed: LiveFeed;

  before(async function () {
    const chromium = await findChromium();
    if (chromium === undefined) return skipWithoutChromium(this);
    await buildPage();
    const { build, pages } = await readPageFiles();
    feed = new LiveFeed({ clock: systemClock, source, build });
    server = await startRpcServer({
      queries: testQueries(),
      listen: { host: '127.0.0.1', port: 0 },
      pages,
      sockets: new Map([[LIVE_PATH, liveSocket(feed, systemClock)]]),
      onDefect: () => undefined,
    });
    browser = await Browser.launch(chromium, { viewport: { width: 1_400, height: 1_000 } });
  });
  after(async () => {
    await browser?.close();
    feed?.stop();
    await server?.close();
  });

  it('reaches any of them by keyboard, and holds no more of them than a screen', async () => {
    source.set(1, 'failed');
    source.set(500_000, 'idle', { hasRivals: true });
    const { page } = await browser.open(server.url);
    const grid = page.locator('.grid-scroller');
    await grid.focus();
    const says = (text: string): Promise<void> =>
      page.locator('#grid-cursor').filter({ hasText: text }).waitFor({ state: 'attached' });
    await page.keyboard.press('Home');
    await says('Block 1,000,000: success');
    await page.keyboard.press('End');
    await says('Block 1: failed');
    await page.keyboard.press('ArrowRight');
    await says('Block 2: success');
    await page.getByPlaceholder('block number').fill('500000');
    await page.keyboard.press('Enter');
    await says('Block 500,000: idle, several blocks at this height');
    assert.ok(Number(await page.evaluate("document.querySelectorAll('*').length")) < 1_500);
    await page.keyboard.press('Escape');
    await keepScreenshot(page, 'million');
    await page.close();
  });
});
