import assert from 'node:assert/strict';
import type { DocumentRoom } from '../../src/document/document-room.ts';
import { startRpcServer, type RpcServer } from '../../src/rpc/server.ts';
import { Browser } from '../document/browser.ts';
import { loneRoom } from '../document/rooms.ts';
import { machineClock, machineRandom } from '../net/transport/machine.ts';
import { until } from '../net/transport/until.ts';
import { testQueries } from './queries.ts';

const TOKEN = 'correct horse battery'.replaceAll(' ', '-');

function noteOf({ doc }: Browser): string {
  return doc.getText('note/incident/1').toJSON();
}

describe('the cluster document over WebSocket', () => {
  let server: RpcServer;
  let room: DocumentRoom;
  const browsers: Browser[] = [];

  beforeEach(async () => {
    room = await loneRoom(machineClock, machineRandom);
    server = await startRpcServer({
      queries: testQueries(),
      listen: { host: '127.0.0.1', port: 0 },
      onDefect: (method, error) => assert.fail(`${method}: ${String(error)}`),
      document: { token: TOKEN, clock: machineClock, open: (mayWrite, send) => room.connect(mayWrite, send) },
    });
  });

  afterEach(async () => {
    for (const browser of browsers.splice(0)) browser.close();
    await server.close();
    await room.stop();
  });

  const open = async (token?: string): Promise<Browser> => {
    const browser = new Browser(server.url, token);
    browsers.push(browser);
    await until(() => browser.mayWrite !== undefined);
    return browser;
  };

  it('lets two browsers write one note at once, and both end up with all of it', async () => {
    const [one, two] = [await open(TOKEN), await open(TOKEN)];
    assert.deepEqual([one.mayWrite, two.mayWrite], [true, true]);
    one.doc.getText('note/incident/1').insert(0, 'from one. ');
    two.doc.getText('note/incident/1').insert(0, 'from two. ');
    await until(() => noteOf(one).length === 20 && noteOf(one) === noteOf(two));
  });
});
