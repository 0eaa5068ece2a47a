import assert from 'node:assert/strict';
import { nodeConfig } from '../../src/config/node-config.ts';
import { nameInFile, parseSettings } from '../../src/config/read-settings.ts';
import type { Settings } from '../../src/config/settings.ts';
import { readToken, TOKEN_VARIABLE, withTokenOf, type TokenSource } from '../../src/config/write-token.ts';
import { NodeDisk } from '../../src/disk/node-disk.ts';
import { temporaryFolder } from '../cli/cli.ts';
import { put } from '../cli/datadir.ts';

const TOKEN = '0123456789abcdef';
const OTHER = 'fedcba9876543210';

function sourceOf(flags: Settings, file: Settings = {}, environment: NodeJS.ProcessEnv = {}): TokenSource | undefined {
  const config = { flags, file: withTokenOf(environment, file), nameInFile: nameInFile('node.json') };
  return nodeConfig({ ...config, flags: { datadir: 'x', ...flags } }, 1).dashboardToken;
}

/** `make` fails with what was expected and without what was given. */
function refuses(make: () => unknown): void {
  assert.throws(make, (error: unknown) => {
    assert(error instanceof Error);
    assert.match(error.message, /: expected 16 to 256 visible ASCII characters.*, found something else$/);
    return true;
  });
}

describe('the token of the dashboard', () => {
  it('comes from flags before the environment, and from there before the configuration file', () => {
    const environment = { [TOKEN_VARIABLE]: TOKEN };
    const inFile = { file: 'token', named: 'node.json: dashboardTokenFile' };
    assert.equal(sourceOf({}), undefined);
    assert.deepEqual(sourceOf({}, { dashboardToken: TOKEN }), { text: TOKEN });
    assert.deepEqual(sourceOf({}, { dashboardTokenFile: 'token' }), inFile);
    assert.deepEqual(sourceOf({}, { dashboardTokenFile: 'token' }, environment), { text: TOKEN });
    assert.deepEqual(sourceOf({}, { dashboardToken: OTHER }, environment), { text: TOKEN });
    assert.deepEqual(sourceOf({ dashboardToken: OTHER }, {}, environment), { text: OTHER });
    const byFlag = { file: 'token', named: '--dashboard-token-file' };
    assert.deepEqual(sourceOf({ dashboardTokenFile: 'token' }, { dashboardToken: OTHER }, environment), byFlag);
    assert.deepEqual(sourceOf({}, { dashboardTokenFile: 'token' }, { [TOKEN_VARIABLE]: '' }), inFile);
  });

  it('is refused beside a file of one', () => {
    const both = { dashboardToken: TOKEN, dashboardTokenFile: 'token' };
    const expected = /^--dashboard-token-file: expected none beside --dashboard-token, found "token"$/;
    assert.throws(() => sourceOf(both), { code: 'ERR_BAD_SETTING', message: expected });
  });

  it('is read from its file without the line end', async () => {
    await using folder = await temporaryFolder();
    const source = { file: `${folder.path}/token`, named: '--dashboard-token-file' };
    await put(folder.path, 'token', `${TOKEN}\r\n`);
    assert.equal(await readToken(new NodeDisk(), source), TOKEN);
  });

  it('is never shown, also when it cannot be used', async () => {
    const short = 'fifteen-letters';
    for (const token of [short, 'x'.repeat(257), 'with a space in it']) {
      refuses(() => parseSettings({ dashboardToken: token }, nameInFile('node.json')));
      refuses(() => sourceOf({}, {}, { [TOKEN_VARIABLE]: token }));
    }
    for (const token of ['x'.repeat(16), 'x'.repeat(256)])
      assert.deepEqual(sourceOf({ dashboardToken: token }), { text: token });
    await using folder = await temporaryFolder();
    const file = `${folder.path}/token`;
    const read = (): Promise<string> => readToken(new NodeDisk(), { file, named: '--dashboard-token-file' });
    await assert.rejects(read(), {
      message: `--dashboard-token-file ${file}: expected a file with a token, found no file`,
    });
    await put(folder.path, 'token', short);
    await assert.rejects(read(), (error: unknown) => error instanceof Error && !error.message.includes(short));
    await put(folder.path, 'token', 'x'.repeat(1_025));
    await assert.rejects(read(), { code: 'ERR_BAD_SETTING' });
  });
});
