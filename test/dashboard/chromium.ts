/** A Chromium of this machine, for the tests of the dashboard's page, where it has one. */

import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { chromium, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';

/** Far beyond what anything here takes on a machine that is not overloaded. */
const PATIENCE_MS = 60_000;
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
/** Nothing but what the tests ask for, and nothing that asks the network. */
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where it lies; undefined when there is none on the PATH. */
export async function findChromium(): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  for (const path of NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not there.
    }
  }
  return undefined;
}

export function skipWithoutChromium(context: Mocha.Context): never {
  process.stderr.write(`skipped: there is no Chromium on this machine (looked for ${NAMES.join(', ')})\n`);
  return context.skip();
}

/** A browser with a profile of its own, which is removed with it. */
export class Browser {
  readonly #profile: string;
  readonly #context: BrowserContext;

  private constructor(profile: string, context: BrowserContext) {
    this.#profile = profile;
    this.#context = context;
  }

  static async launch(executablePath: string, options: BrowserContextOptions = {}): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), 'driftlock-chromium-'));
    // Root may not use the sandbox, as in a container.
    const args = process.getuid?.() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS;
    const context = await chromium.launchPersistentContext(profile, { executablePath, args, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    return new Browser(profile, context);
  }

  async open(url: string): Promise<OpenPage> {
    const page = await this.#context.newPage();
    const open = new OpenPage(page);
    await page.goto(url);
    return open;
  }

  async close(): Promise<void> {
    await this.#context.close();
    await rm(this.#profile, { recursive: true, force: true });
  }
}

/** A page with all it asked for and all it complained of. */
export class OpenPage {
  readonly page: Page;
  readonly requests: string[] = [];
  readonly complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('request', (request) => this.requests.push(request.url()));
    page.on('websocket', (socket) => this.requests.push(socket.url()));
    page.on('pageerror', (error) => this.complaints.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
  }
}

let folder: Promise<string> | undefined;

/** Keeps a picture of the page, in `DRIFTLOCK_SCREENSHOTS` or a new temporary directory, and says where. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  folder ??= screenshotFolder();
  const path = join(await folder, `${name}.png`);
  await page.screenshot({ path, fullPage: true });
  process.stderr.write(`      ${path}\n`);
}

async function screenshotFolder(): Promise<string> {
  const given = process.env['DRIFTLOCK_SCREENSHOTS'];
  if (given === undefined) return mkdtemp(join(tmpdir(), 'driftlock-screenshots-'));
  await mkdir(given, { recursive: true });
  return given;
}
