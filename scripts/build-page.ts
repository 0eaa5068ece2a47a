/**
 * `npm run build:page`: bundles the dashboard's page into `dist/page/`, compressed ahead, with the list of its files that the
 * node serves them by. npm runs it after `npm ci` and before it packs the package.
 */

import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'esbuild';
import { BUILD_LIST, PAGE_FOLDER, type BuildList } from '../src/dashboard/page-files.ts';

const SOURCES = new URL('../src/dashboard/page/', import.meta.url);

interface BuiltFile {
  readonly path: string;
  readonly file: string;
  readonly type: string;
  readonly isImmutable: boolean;
  readonly content: Uint8Array;
}

/** Replaces what is there. Throws what esbuild found wrong, which it has printed. */
export async function buildPage(): Promise<BuildList> {
  const { outputFiles } = await build({
    entryPoints: ['main.tsx', 'style/page.css'].map((path) => fileURLToPath(new URL(path, SOURCES))),
    outdir: fileURLToPath(PAGE_FOLDER),
    entryNames: 'dashboard-[hash]',
    bundle: true,
    minify: true,
    write: false,
    // No module: a browser names the origin of a page with each module that it loads, and the RPC server refuses that.
    format: 'iife',
    target: 'es2022',
    legalComments: 'none',
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  const assets = outputFiles.map(({ path, contents }): BuiltFile => {
    const file = basename(path);
    const type = file.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8';
    return { path: `/${file}`, file, type, isImmutable: true, content: contents };
  });
  const digest = createHash('sha256');
  for (const { content } of assets) digest.update(content);
  const name = digest.digest('hex').slice(0, 16);
  const template = await readFile(new URL('index.html', SOURCES), 'utf8');
  const html = template
    .replace('{{style}}', pathOf(assets, '.css'))
    .replace('{{script}}', pathOf(assets, '.js'))
    .replace('{{build}}', name);
  const page: BuiltFile = {
    path: '/',
    file: 'index.html',
    type: 'text/html; charset=utf-8',
    isImmutable: false,
    content: new TextEncoder().encode(html),
  };
  const files = [page, ...assets];
  const list: BuildList = {
    build: name,
    files: files.map(({ path, file, type, isImmutable }) => ({ path, file, type, isImmutable })),
  };
  await place(files, list);
  return list;
}

function pathOf(assets: readonly BuiltFile[], extension: string): string {
  const found = assets.find(({ file }) => file.endsWith(extension));
  if (found === undefined) throw new Error(`the bundle has no ${extension} file`);
  return found.path;
}

/** Built aside and moved into place, so that a node that starts meanwhile finds one whole page. */
async function place(files: readonly BuiltFile[], list: BuildList): Promise<void> {
  const folder = fileURLToPath(PAGE_FOLDER).replace(/\/$/, '');
  const aside = `${folder}.${process.pid}`;
  await mkdir(aside, { recursive: true });
  for (const { file, content } of files) {
    await writeFile(`${aside}/${file}`, content);
    const brotli = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
    await writeFile(`${aside}/${file}.br`, await promisify(brotliCompress)(content, brotli));
    await writeFile(`${aside}/${file}.gz`, await promisify(gzip)(content, { level: 9 }));
  }
  await writeFile(`${aside}/${BUILD_LIST}`, JSON.stringify(list));
  await rm(folder, { recursive: true, force: true });
  await rename(aside, folder);
}

if (import.meta.main) {
  const { build: name, files } = await buildPage();
  process.stdout.write(`page ${name}: ${files.length} files in dist/page\n`);
}
