import assert from 'node:assert/strict';
import { alertLine } from '../../src/cli/alerts-command.ts';
import type { AlertAnswer } from '../../src/rpc/client.ts';
import { startRpcServer } from '../../src/rpc/server.ts';
import { documentView, testQueries } from '../rpc/queries.ts';
import { driftlock } from './cli.ts';

const NOW_MS = 1_757_002_400_000;
const OPEN: AlertAnswer = {
  id: 'clock/a',
  kind: 'clock',
  subject: 'a',
  text: 'is off',
  raisedAtMs: NOW_MS - 62_000,
  raisedBy: 'a',
  acknowledgement: null,
};

describe('driftlock alerts', () => {
  it('says what, how long ago, and who has acknowledged it', () => {
    const line = (alert: AlertAnswer): string => alertLine(alert, process.stdout, NOW_MS);
    assert.equal(line(OPEN), 'clock a: is off, 1 min 2 s ago');
    const acknowledgement = { by: 'ada', atMs: NOW_MS, note: 'known' };
    assert.equal(line({ ...OPEN, acknowledgement }), 'clock a: is off, 1 min 2 s ago; acknowledged by ada: known');
    const unnamed = { by: '', atMs: NOW_MS, note: '' };
    assert.equal(
      line({ ...OPEN, acknowledgement: unnamed }),
      'clock a: is off, 1 min 2 s ago; acknowledged by somebody',
    );
    assert.equal(
      line({ ...OPEN, raisedAtMs: NOW_MS + 5_000 }),
      'clock a: is off, 0.0 s ago',
      'of a clock that is ahead',
    );
  });

  it('lets no control character of whoever wrote it reach the terminal', () => {
    const note = '\u001B[2J\nforged';
    const shown = alertLine(
      { ...OPEN, text: note, acknowledgement: { by: note, atMs: 0, note } },
      process.stdout,
      NOW_MS,
    );
    assert(!/\p{Cc}/u.test(shown), JSON.stringify(shown));
  });

  it('shows those that nobody has acknowledged, all of them when asked, and JSON for programs', async () => {
    const listen = { host: '127.0.0.1', port: 0 };
    const server = await startRpcServer({ queries: testQueries(), listen, onDefect: () => undefined });
    const run = async (...flags: string[]): Promise<string[]> =>
      (await driftlock(['alerts', '--rpc', server.url, ...flags])).stdout.trimEnd().split('\n');
    assert.deepEqual(
      (await run('--json')).map((line): unknown => JSON.parse(line)),
      [documentView.alerts[0]],
    );
    assert.deepEqual(
      (await run('--json', '--all')).map((line): unknown => JSON.parse(line)),
      documentView.alerts,
    );
    assert.equal((await run()).length, 1);
    await server.close();
  });
});
