/**
 * `dashboard-bytes`, `dashboard-browser` and `dashboard-node`: what the dashboard costs the network at its first paint, and the
 * browser and the node while blocks change a thousand times a second.
 *
 * The browser is a real Chromium, headless and without a GPU, so it paints on the processor; counted are all its processes. The
 * node's overhead is read from a profile of its main thread, since two runs of a node differ by more than what is measured.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { LIVE_PATH } from '../../../src/dashboard/frames.ts';
import { Browser, findChromium } from '../../../test/dashboard/chromium.ts';
import { buildPage } from '../../build-page.ts';
import { BusyNode, UPDATES_PER_SECOND } from '../dashboard/busy-node.ts';
import { busyTime } from '../dashboard/profile.ts';
import { cpuSecondsBelow } from '../dashboard/process-tree.ts';
import { BenchSkip, type BenchRow } from '../row.ts';

const FIRST_PAINT_BYTES_MAX = 300_000;
const BROWSER_SHARE_MAX = 0.5;
const NODE_OVERHEAD_MAX = 1.05;
/** Long enough for the tick of 10 ms that Linux counts in, short enough to be run often. */
const WORK_MS = 6_000;
const SETTLE_MS = 2_000;
const READER = fileURLToPath(new URL('../dashboard/reader.ts', import.meta.url));

export const dashboardBytes: BenchRow = {
  id: 'dashboard-bytes',
  what: 'compressed bytes of the dashboard until its first paint, with the first frame of a busy node',
  ours: 'page, script, style and the first frame',
  against: `${FIRST_PAINT_BYTES_MAX / 1_000} kB`,
  unit: 'bytes',
  target: { kind: 'at-most', bound: 1 },
  pairs: 1,
  isCold: true,
  async prepare() {
    const { files } = await buildPage();
    const node = await BusyNode.start();
    await node.work(SETTLE_MS);
    return {
      ours: async () => {
        let bytes = await firstFrameBytes(node.url);
        for (const { path } of files) bytes += await codedBytes(new URL(path, node.url));
        return bytes;
      },
      against: () => Promise.resolve(FIRST_PAINT_BYTES_MAX),
      close: () => node.stop(),
    };
  },
};

export const dashboardBrowser: BenchRow = {
  id: 'dashboard-browser',
  what: `share of one core that the browser takes at ${UPDATES_PER_SECOND} block updates a second`,
  ours: 'Chromium, all its processes, with the page open',
  against: 'one core',
  unit: 'cores',
  target: { kind: 'at-most', bound: BROWSER_SHARE_MAX },
  pairs: 3,
  isCold: true,
  async prepare() {
    const chromium = await findChromium();
    if (chromium === undefined) throw new BenchSkip('there is no Chromium on this machine');
    if ((await cpuSecondsBelow(process.pid)) === undefined) throw new BenchSkip('there is no /proc on this machine');
    await buildPage();
    const node = await BusyNode.start();
    const browser = await Browser.launch(chromium, { viewport: { width: 1_400, height: 1_000 } });
    const { page } = await browser.open(node.url);
    await page.locator('.pill.good').waitFor();
    await node.work(SETTLE_MS);
    return {
      ours: async () => {
        const before = (await cpuSecondsBelow(process.pid)) ?? NaN;
        const startedAtMs = performance.now();
        await node.work(WORK_MS);
        const after = (await cpuSecondsBelow(process.pid)) ?? NaN;
        return (after - before) / ((performance.now() - startedAtMs) / 1_000);
      },
      against: () => Promise.resolve(1),
      close: async () => {
        await browser.close();
        await node.stop();
      },
    };
  },
};

export const dashboardNode: BenchRow = {
  id: 'dashboard-node',
  what: `busy time of a node at ${UPDATES_PER_SECOND} block updates a second, with one dashboard open against none`,
  ours: 'the main thread of the node, one page reading the live feed',
  against: 'the same time without what the dashboard took of it',
  unit: 'ms',
  target: { kind: 'at-most', bound: NODE_OVERHEAD_MAX },
  pairs: 1,
  isCold: true,
  async prepare() {
    const node = await BusyNode.start();
    const reader = fork(READER, [node.url.replace('http:', 'ws:') + LIVE_PATH]);
    await node.work(SETTLE_MS);
    let withoutMs = NaN;
    return {
      ours: async () => {
        const { allMs, partMs } = await busyTime('/src/dashboard/', () => node.work(WORK_MS));
        withoutMs = allMs - partMs;
        return allMs;
      },
      // Of the run before it.
      against: () => Promise.resolve(withoutMs),
      close: async () => {
        reader.kill();
        await once(reader, 'exit');
        await node.stop();
      },
    };
  },
};

async function firstFrameBytes(url: string): Promise<number> {
  const socket = new WebSocket(url.replace('http:', 'ws:') + LIVE_PATH);
  const [message] = await once(socket, 'message');
  socket.close();
  return Buffer.byteLength(message);
}

/** As it goes over the wire, for a browser that takes Brotli. */
async function codedBytes(url: URL): Promise<number> {
  const response = await fetch(url, { method: 'HEAD', headers: { 'accept-encoding': 'br' } });
  return Number(response.headers.get('content-length'));
}
