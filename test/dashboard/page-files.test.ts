import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { BUILD_LIST, readPageFiles, type BuildList } from '../../src/dashboard/page-files.ts';
import type { PageAnswer } from '../../src/rpc/pages.ts';

const HTML = '<!doctype html><title>t</title>';

describe('the files of the page', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'driftlock-page-'));
    for (const [file, content] of [
      ['index.html', HTML],
      ['app-1.js', 'go()'],
    ] as const) {
      await writeFile(join(folder, file), content);
      await writeFile(join(folder, `${file}.br`), brotliCompressSync(content));
      await writeFile(join(folder, `${file}.gz`), gzipSync(content));
    }
    const list: BuildList = {
      build: 'b1',
      files: [
        { path: '/', file: 'index.html', type: 'text/html', isImmutable: false },
        { path: '/app-1.js', file: 'app-1.js', type: 'text/javascript', isImmutable: true },
      ],
    };
    await writeFile(join(folder, BUILD_LIST), JSON.stringify(list));
  });
  after(() => rm(folder, { recursive: true }));

  const get = async (path: string, acceptEncoding?: string, ifNoneMatch?: string): Promise<PageAnswer> => {
    const { pages } = await readPageFiles(pathToFileURL(`${folder}/`));
    const page = pages.get(path);
    assert.ok(page !== undefined, path);
    return page({ acceptEncoding, ifNoneMatch });
  };

  it('are sent as the browser takes them, the smallest first', async () => {
    const brotli = await get('/', 'gzip, deflate, br');
    assert.equal(brotli.headers?.['content-encoding'], 'br');
    assert.equal(brotliDecompressSync(brotli.body).toString(), HTML);
    const gzip = await get('/', 'br;q=0, gzip');
    assert.equal(gzip.headers?.['content-encoding'], 'gzip');
    assert.equal(gunzipSync(gzip.body).toString(), HTML);
    const plain = await get('/');
    assert.equal(plain.headers?.['content-encoding'], undefined);
    assert.equal(plain.body.toString(), HTML);
  });

  it('are not sent again to who has them, in the same coding', async () => {
    const { headers } = await get('/', 'br');
    const etag = headers?.['etag'];
    assert.ok(etag !== undefined);
    const again = await get('/', 'br', `"other", ${etag}`);
    assert.deepEqual([again.status, again.body], [304, '']);
    assert.equal((await get('/', 'gzip', etag)).status, 200);
  });

  it('are kept for ever where the name says the content, and asked for again where it does not', async () => {
    assert.match((await get('/app-1.js')).headers?.['cache-control'] ?? '', /immutable/);
    assert.equal((await get('/')).headers?.['cache-control'], 'no-cache');
  });

  it('let the page load nothing from elsewhere, and run nothing that stands in it', async () => {
    const policy = (await get('/')).headers?.['content-security-policy'] ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(?:;|$)/);
    assert.doesNotMatch(policy, /unsafe/);
  });

  it('say how to build them where they are not', async () => {
    const { pages } = await readPageFiles(pathToFileURL(`${folder}/nowhere/`));
    const answer = await pages.get('/')?.({ acceptEncoding: undefined, ifNoneMatch: undefined });
    assert.equal(answer?.status, 503);
    assert.match(answer?.body.toString() ?? '', /npm run build:page/);
  });
});
