/** The dashboard in a real browser, on a cluster of real processes. */

import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { buildPage } from '../../scripts/build-page.ts';
import { dropWitness, witnessed } from '../../src/demo/feed.ts';
import { testChain } from '../cluster/chain.ts';
import type { ClusterNode } from '../cluster/harness.ts';
import { TEST_TIMEOUT_MS, until } from '../cluster/until.ts';
import { Browser, findChromium, keepScreenshot, skipWithoutChromium } from './chromium.ts';
import { TornCluster, WRITE_TOKEN } from './torn-cluster.ts';

const BLOCKS = 3;
const DESK = { width: 1400, height: 1000 };
const PHONE = { width: 390, height: 844 };

/** Of the height that the keyboard stands on, as a screen reader hears it. */
const CURSOR = '#grid-cursor';

async function call(node: ClusterNode, method: string, params: unknown): Promise<unknown> {
  const answer: { result?: unknown } = Object(await node.rpc({ jsonrpc: '2.0', id: 1, method, params }));
  return answer.result;
}

async function shows(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor({ state: 'attached' });
}

/** Says who writes, and shows the token. */
async function enterAs(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Write…' }).click();
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('Write token').fill(WRITE_TOKEN);
  await page.getByRole('button', { name: 'Enter' }).click();
  await shows(page, '.access', `writing as ${name}`);
}

/** The note of the block that is open. */
function noteIn(page: Page): Locator {
  return page.locator('.panel .note-editor textarea').first();
}

async function reads(page: Page, note: string): Promise<void> {
  // Not by a wait of the page's own, which its security policy forbids.
  await until(`it reads ${note}`, async () => {
    const text = await noteIn(page).inputValue();
    if (text === note) return true;
    throw new Error(`it reads ${text}`);
  });
}

/** Puts the cursor on the newest height. */
async function toNewest(page: Page): Promise<void> {
  await page.locator('.grid-scroller').focus();
  await page.keyboard.press('Home');
}

describe('the dashboard in a browser', function () {
  this.timeout(TEST_TIMEOUT_MS);
  const { blocks } = testChain(BLOCKS);
  const [first, second, third] = blocks;
  let cluster: TornCluster;
  let browser: Browser;
  let chromium: string;

  before(async function () {
    const found = await findChromium();
    if (found === undefined) return skipWithoutChromium(this);
    chromium = found;
    await buildPage();
    [cluster, browser] = await Promise.all([TornCluster.start(), Browser.launch(chromium, { viewport: DESK })]);
  });
  after(async () => {
    await browser?.close();
    await cluster?.remove();
  });

  const claimed = (node: ClusterNode, block: typeof first): Promise<{ epoch: number }> =>
    until('it claims', async () => {
      assert.ok(block !== undefined);
      const { number, hash } = block.key;
      const result = Object(await call(node, 'driftlock_claim', [number, hash, 60]));
      return result.claimed && { epoch: Number(result.epoch) };
    });

  it('explains itself to a newcomer, with nothing from elsewhere and nothing to complain of', async () => {
    const { page, requests, complaints } = await browser.open(cluster.node(0).rpcUrl.href);
    await shows(page, '.attention', 'Nothing needs attention');
    await shows(page, '.intro', 'Each square below is a block');
    await shows(page, '.blocks', 'No block yet');
    await shows(page, '.cluster', 'us-east');
    await page.locator('.cluster .member.up').nth(1).waitFor();
    assert.equal(await page.locator('.members tbody tr').count(), 3);
    await page.getByRole('button', { name: 'Got it' }).click();
    await page.locator('.intro').waitFor({ state: 'detached' });
    const { host } = cluster.node(0).rpcUrl;
    for (const url of requests) assert.ok(url.startsWith('data:') || new URL(url).host === host, url);
    assert.deepEqual(complaints, []);
    await page.close();
  });

  it('shows a block going from idle to processing to success, by keyboard, and who signed it', async () => {
    assert.ok(first !== undefined);
    const node = cluster.node(1);
    const { page, complaints } = await browser.open(cluster.node(0).rpcUrl.href);
    await dropWitness(node.layout.root, witnessed(first));
    await page.locator('.grid-scroller').waitFor();
    await toNewest(page);
    await shows(page, CURSOR, 'Block 1,000: idle');
    const { epoch } = await claimed(node, first);
    await shows(page, CURSOR, 'Block 1,000: processing');
    await shows(page, '.leases tbody', '1000');
    await page.keyboard.press('Enter');
    await shows(page, '.panel', /lease.*epoch 1.*signature valid/);
    const { number: block, hash } = first.key;
    await call(node, 'driftlock_complete', { block, hash, epoch, verdict: 'success', stateRoot: hash });
    await shows(page, '.panel', /■ success.*signature valid/);
    await shows(page, CURSOR, 'Block 1,000: success');
    assert.equal(new URL(page.url()).hash, '#block/1000');
    await page.keyboard.press('Escape');
    await page.locator('.panel').waitFor({ state: 'detached' });
    assert.equal(await page.evaluate('document.activeElement.className'), 'grid-scroller');
    assert.deepEqual(complaints, []);
    await page.close();
  });

  it('draws a partition as what this node cannot see, its healing, and the dispute that it brought', async () => {
    assert.ok(second !== undefined && third !== undefined);
    const [here, there] = [cluster.node(0), cluster.node(1)];
    const { page } = await browser.open(here.rpcUrl.href);
    for (const block of [second, third]) await dropWitness(here.layout.root, witnessed(block));
    await until('all know of the blocks', async () => {
      const statuses = await Promise.all(cluster.nodes.map((node) => node.status()));
      return statuses.every(({ blocks: { total }, witnesses }) => total === BLOCKS && witnesses.held === BLOCKS);
    });
    cluster.cut();
    await page.locator('.cluster .member.cut').nth(1).waitFor();
    await page.locator('.cluster .horizon').waitFor({ state: 'attached' });
    await shows(page, '.attention li.warning', 'Too few members in reach');
    await shows(page, '.members', 'out of sight');
    await keepScreenshot(page, 'partition');
    for (const [node, stateRoot] of [
      [here, second.key.hash],
      [there, third.key.hash],
    ] as const) {
      const { epoch } = await claimed(node, second);
      const { number: block, hash } = second.key;
      await call(node, 'driftlock_complete', { block, hash, epoch, verdict: 'success', stateRoot });
    }
    cluster.heal();
    await page.locator('.cluster .horizon').waitFor({ state: 'detached' });
    await page.locator('.cluster .member.up').nth(1).waitFor();
    await shows(page, '.attention li.alarm', /disagree on 1 block.*2 different state roots/);
    await page.locator('.attention .disputes a').click();
    await shows(page, '.panel .status-line', 'disputed');
    await keepScreenshot(page, 'dispute');
    await page.close();
  });

  it('has two people, at two nodes, write one note, and one alert acknowledged for both', async () => {
    assert.ok(second !== undefined);
    const { number } = second.key;
    const [here, there] = await Promise.all([
      browser.open(cluster.node(0).rpcUrl.href),
      browser.open(cluster.node(1).rpcUrl.href),
    ]);
    await shows(here.page, '.attention .alert', /disputed.*1001.*2 different state roots/);
    assert.equal(await noteIn(here.page).count(), 0);
    await enterAs(here.page, 'Ann');
    await enterAs(there.page, 'Bob');
    for (const { page } of [here, there]) {
      await page.getByPlaceholder('block number').fill(`${number}`);
      await page.keyboard.press('Enter');
    }
    await noteIn(here.page).pressSequentially('roots differ');
    await reads(there.page, 'roots differ');
    await shows(there.page, '.note-editor', 'also here: Ann');
    await noteIn(there.page).press('Control+End');
    await noteIn(there.page).pressSequentially(', asking');
    await noteIn(here.page).press('Control+Home');
    await noteIn(here.page).pressSequentially('The ');
    for (const { page } of [here, there]) await reads(page, 'The roots differ, asking');
    await keepScreenshot(there.page, 'note');
    await there.page.keyboard.press('Escape');
    await there.page.getByRole('button', { name: `Label ${cluster.node(2).peerId}` }).click();
    await there.page.getByPlaceholder('label').fill('sydney');
    await there.page.getByPlaceholder('ap-south').fill('oceania');
    await there.page.getByRole('button', { name: 'Save' }).click();
    await shows(here.page, '.members', /sydney oceania/);
    await shows(here.page, '.cluster', 'oceania');
    await there.page.getByPlaceholder('note, if any').fill('known');
    await there.page.getByRole('button', { name: 'Acknowledge' }).click();
    await here.page.locator('.attention .alert').waitFor({ state: 'detached' });
    await here.page.getByText('1 acknowledged alert').click();
    await shows(here.page, '.attention .done', /acknowledged by Bob .*: known/);
    for (const { page, complaints } of [here, there]) {
      assert.deepEqual(complaints, []);
      await page.close();
    }
  });

  it('lets nobody write without the token', async () => {
    const { page } = await browser.open(`${cluster.node(0).rpcUrl.href}#block/1001`);
    await reads(page, 'The roots differ, asking');
    assert.equal(await noteIn(page).isEditable(), false);
    await page.evaluate("sessionStorage.setItem('driftlock.token', 'another-token-altogether')");
    await page.reload();
    await reads(page, 'The roots differ, asking');
    assert.equal(await noteIn(page).isEditable(), false);
    await page.close();
  });

  it('says that the connection is lost and how old its data is, and recovers when the node is back', async () => {
    const node = cluster.node(2);
    const { page } = await browser.open(node.rpcUrl.href);
    await shows(page, '.pill', 'live');
    await node.kill();
    await shows(page, '.banner', /connection to the node is lost.*What is shown is .* old/);
    await shows(page, '.pill', 'not connected');
    assert.ok(await page.locator('.members').isVisible(), 'what was known stays');
    await cluster.startNode(2);
    await shows(page, '.pill', 'live');
    await page.locator('.banner').waitFor({ state: 'detached' });
    await page.close();
    await cluster.connected();
  });

  for (const [name, options] of [
    ['light', { colorScheme: 'light', viewport: DESK }],
    ['dark', { colorScheme: 'dark', viewport: DESK }],
    ['phone', { colorScheme: 'light', viewport: PHONE, deviceScaleFactor: 2, isMobile: true, hasTouch: true }],
    ['phone-dark', { colorScheme: 'dark', viewport: PHONE, deviceScaleFactor: 2, reducedMotion: 'reduce' }],
  ] as const) {
    it(`fits its screen and takes its colours: ${name}`, async () => {
      const own = await Browser.launch(chromium, options);
      try {
        const { page, complaints } = await own.open(cluster.node(0).rpcUrl.href);
        await shows(page, '.pill', 'live');
        await page.locator('.grid-scroller canvas').waitFor();
        await page.locator('.plot canvas').first().waitFor();
        const ground = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
        const isDark = Number(/\d+/.exec(String(ground))?.[0]) < 128;
        assert.equal(isDark, options.colorScheme === 'dark');
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        assert.ok(Number(overflow) <= 0, `${String(overflow)} px wider than the screen`);
        await page.getByRole('radio', { name: isDark ? 'Light' : 'Dark' }).click();
        const other = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
        assert.notEqual(other, ground);
        await page.getByRole('radio', { name: 'Auto' }).click();
        await keepScreenshot(page, name);
        assert.deepEqual(complaints, []);
      } finally {
        await own.close();
      }
    });
  }
});
