/**
 * The files of the dashboard's page, as `scripts/build-page.ts` leaves them: read once, kept compressed, served to GET.
 *
 * Invariant: nothing is served that the build's list does not name. A file whose name holds the hash of its content is
 * cached for ever; the page itself is asked for again each time, and answered with 304 while it is the same.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { errnoOf } from '../disk/errno.ts';
import type { Page, PageAnswer, PageRequest, Pages } from '../rpc/pages.ts';

/** Beside the package's other built files, wherever this one lies. */
export const PAGE_FOLDER = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/page/' : '../../page/',
  import.meta.url,
);
export const BUILD_LIST = 'build.json';

export const buildListSchema = z.strictObject({
  /** Of all files: another page has another. */
  build: z.string(),
  files: z.array(
    z.strictObject({
      /** What it is asked for by. */
      path: z.string(),
      /** In the folder; `.br` and `.gz` beside it. */
      file: z.string(),
      type: z.string(),
      isImmutable: z.boolean(),
    }),
  ),
});
export type BuildList = z.infer<typeof buildListSchema>;

/** Of content codings, by what was made ahead; the best first. */
const CODINGS = [
  { name: 'br', extension: '.br' },
  { name: 'gzip', extension: '.gz' },
] as const;

/** No other origin, nothing inline, nothing embedded: what a page can load and speak to is the node it came from. */
const SECURITY_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

const MISSING_TEXT = 'The dashboard is not built. In the checkout: npm run build:page\n';

export interface PageFiles {
  readonly build: string;
  readonly pages: Pages;
}

/** Reads the page. Where it was not built, one that says the command is answered instead. */
export async function readPageFiles(folder: URL = PAGE_FOLDER): Promise<PageFiles> {
  const list = await readBuildList(folder);
  if (list === undefined) return { build: 'none', pages: new Map([['/', () => missing()]]) };
  const pages = await Promise.all(
    list.files.map(async ({ path, file, type, isImmutable }): Promise<[string, Page]> => {
      const plain = await readFile(new URL(file, folder));
      const coded = await Promise.all(
        CODINGS.map(async ({ name, extension }) => ({ name, body: await readFile(new URL(file + extension, folder)) })),
      );
      return [path, pageOf({ type, isImmutable, plain, coded })];
    }),
  );
  return { build: list.build, pages: new Map(pages) };
}

async function readBuildList(folder: URL): Promise<BuildList | undefined> {
  try {
    return buildListSchema.parse(JSON.parse(await readFile(new URL(BUILD_LIST, folder), 'utf8')));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function missing(): PageAnswer {
  return { status: 503, type: 'text/plain; charset=utf-8', body: MISSING_TEXT, headers: SECURITY_HEADERS };
}

interface ServedFile {
  readonly type: string;
  readonly isImmutable: boolean;
  readonly plain: Buffer;
  readonly coded: readonly { readonly name: string; readonly body: Buffer }[];
}

function pageOf({ type, isImmutable, plain, coded }: ServedFile): Page {
  const digest = createHash('sha256').update(plain).digest('base64url');
  return ({ acceptEncoding, ifNoneMatch }: PageRequest): PageAnswer => {
    const accepted = codingsIn(acceptEncoding);
    const chosen = coded.find(({ name }) => accepted.has(name));
    // Strong, so of the bytes that are sent: each coding has its own.
    const etag = `"${digest}${chosen === undefined ? '' : `-${chosen.name}`}"`;
    const headers = {
      ...SECURITY_HEADERS,
      etag,
      vary: 'accept-encoding',
      'cache-control': isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    };
    const isKnown = ifNoneMatch?.split(',').some((known) => known.trim() === etag) === true;
    if (isKnown) return { status: 304, type, body: '', headers };
    if (chosen === undefined) return { status: 200, type, body: plain, headers };
    return { status: 200, type, body: chosen.body, headers: { ...headers, 'content-encoding': chosen.name } };
  };
}

/** The codings of an `Accept-Encoding` (RFC 9110, section 12.5.3) that are not refused by a weight of 0. */
function codingsIn(header: string | undefined): ReadonlySet<string> {
  const codings = (header ?? '').split(',').map((entry) => entry.trim().toLowerCase());
  return new Set(
    codings.flatMap((entry) => {
      const [name = '', ...parameters] = entry.split(';').map((part) => part.trim());
      return parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter)) ? [] : [name];
    }),
  );
}
