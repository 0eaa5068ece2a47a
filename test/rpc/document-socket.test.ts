import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { BROWSER_PROTOCOL } from '../../net/document/browser.ts';
import { BROWSER_FRAME_BYTES_MAX } from '../../net/document/limits.ts';
import type { DocumentRoom } from '../../src/document/document-room.ts';
import { BROWSER_BYTES_PER_SECOND } from '../../src/document/browser-session.ts';
import { BROWSERS_MAX, PING_MS, SOCKET_BUFFER_BYTES_MAX } from '../../src/rpc/document-socket.ts';
import { startRpcServer, type RpcServer } from '../../src/rpc/server.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { Browser } from '../document/browser.ts';
import { loneRoom } from '../document/rooms.ts';
import { machineRandom } from '../net/transport/machine.ts';
import { nextTurn, until } from '../net/transport/until.ts';
import { testQueries } from './queries.ts';

const TOKEN = 'correct-horse-battery';
const KEY = 'note/incident/1';

function noteOf({ doc }: Browser): string {
  return doc.getText(KEY).toJSON();
}

function write({ doc }: Browser, text: string): void {
  doc.getText(KEY).insert(0, text);
}

function lengthIn(room: DocumentRoom): number {
  return room.document.read((doc) => doc.getText(KEY).length);
}

describe('the cluster document over WebSocket', () => {
  let clock: VirtualClock;
  let room: DocumentRoom;
  let server: RpcServer;
  let token: string | undefined;
  const browsers: Browser[] = [];
  const raw: Duplex[] = [];

  beforeEach(async () => {
    clock = new VirtualClock();
    room = await loneRoom(clock, machineRandom);
    token = TOKEN;
    server = await start();
  });

  afterEach(async () => {
    for (const browser of browsers.splice(0)) browser.close();
    for (const socket of raw.splice(0)) socket.destroy();
    await stop();
    await room.stop();
  });

  /** Time passes meanwhile, for those who do not answer. */
  const stop = async (): Promise<void> => {
    let isClosed = false;
    const closing = server.close().then(() => (isClosed = true));
    await until(
      () => isClosed,
      () => clock.advance(1_000),
    );
    await closing;
  };

  const start = (): Promise<RpcServer> =>
    startRpcServer({
      queries: testQueries(),
      listen: { host: '127.0.0.1', port: 0 },
      onDefect: (method, error) => assert.fail(`${method}: ${String(error)}`),
      document: { token, clock, open: (mayWrite, send) => room.connect(mayWrite, send) },
    });

  const open = async (given?: string): Promise<Browser> => {
    const browser = new Browser(server.url, given);
    browsers.push(browser);
    await until(() => browser.mayWrite !== undefined || browser.closed !== undefined);
    return browser;
  };

  /** Asks for a WebSocket by hand; nothing on it is read or answered by itself. */
  const upgrade = async (headers: Record<string, string> = {}): Promise<number | undefined> => {
    const sent = request(new URL('/document', server.url), {
      headers: {
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        'sec-websocket-protocol': BROWSER_PROTOCOL,
        ...headers,
      },
    }).end();
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      sent.on('error', reject).on('response', resolve);
      sent.on('upgrade', (response, socket) => {
        raw.push(socket.on('error', () => undefined).pause());
        resolve(response);
      });
    });
    return (await answered).statusCode;
  };

  it('lets two browsers write one note at once, and both end up with all of it', async () => {
    const [one, two] = [await open(TOKEN), await open(TOKEN)];
    assert.deepEqual([one.mayWrite, two.mayWrite], [true, true]);
    write(one, 'from one. ');
    write(two, 'from two. ');
    await until(() => noteOf(one).length === 20 && noteOf(one) === noteOf(two));
    assert.equal(one.socket.protocol, BROWSER_PROTOCOL);
    assert.equal(room.status().clients, 2);
  });

  it('shows who is there, and that they have gone', async () => {
    const [one, two] = [await open(TOKEN), await open(TOKEN)];
    one.awareness.setLocalState({ name: 'ada', viewing: KEY });
    await until(() => JSON.stringify(two.others()).includes('"ada"'));
    assert.equal(two.others().filter((state) => Object(state).node === true).length, 1, 'the node is shown too');
    one.close();
    await until(() => !JSON.stringify(two.others()).includes('"ada"'));
    await until(() => room.status().clients === 1);
  });

  it('is read-only without the token, with another one, and where there is none', async () => {
    const writer = await open(TOKEN);
    const others = [await open(), await open(`${TOKEN}.`), await open('x')];
    for (const reader of others) {
      assert.equal(reader.mayWrite, false);
      write(reader, 'of a reader');
      reader.awareness.setLocalState({ name: 'mallory' });
    }
    write(writer, 'seen');
    await until(() => others.every((reader) => noteOf(reader).includes('seen')));
    // What readers sent before has arrived by the time that what they send now is answered.
    assert.equal(
      room.document.read((doc) => doc.getText(KEY).toJSON()),
      'seen',
    );
    assert(!JSON.stringify(writer.others()).includes('mallory'));
    await server.close();
    token = undefined;
    server = await start();
    assert.equal((await open(TOKEN)).mayWrite, false);
  });

  it('is for the pages that this server serves, and for programs, and for nobody else', async () => {
    const { host } = new URL(server.url);
    const cases: readonly (readonly [headers: Record<string, string>, status: number])[] = [
      [{}, 101],
      [{ origin: `http://${host}` }, 101],
      [{ origin: 'http://127.0.0.1:1' }, 403],
      [{ origin: 'https://example.org' }, 403],
      [{ origin: 'null' }, 403],
      // Rebound to this machine: its own page, by a name that is not this machine's.
      [{ host: 'example.org', origin: 'http://example.org' }, 403],
      [{ host: 'localhost', origin: 'http://localhost' }, 101],
    ];
    for (const [headers, status] of cases) assert.equal(await upgrade(headers), status, JSON.stringify(headers));
    const post = await fetch(server.url, { method: 'POST', headers: { origin: `http://${host}` } });
    assert.equal(post.status, 403, 'calls are refused to every page');
    assert.equal((await fetch(new URL('/document', server.url))).status, 404);
  });

  it('closes on who asks for another protocol or sends text, junk, or a frame over BROWSER_FRAME_BYTES_MAX', async () => {
    const closeCode = async (act: (browser: Browser) => void): Promise<number | undefined> => {
      const browser = await open(TOKEN);
      act(browser);
      await until(() => browser.closed !== undefined);
      return browser.closed?.code;
    };
    assert.equal(await closeCode(({ socket }) => socket.send('text')), 1003);
    assert.equal(await closeCode((browser) => browser.sendBytes(Uint8Array.of(0x80))), 1002);
    assert.equal(await closeCode((browser) => browser.sendBytes(new Uint8Array(BROWSER_FRAME_BYTES_MAX + 1))), 1009);
    const largest = await open(TOKEN);
    // Of a kind that is passed over.
    largest.sendBytes(new Uint8Array(BROWSER_FRAME_BYTES_MAX).fill(99));
    write(largest, 'still there');
    await until(
      () => room.document.read((doc) => doc.getText(KEY).toJSON()) === 'still there',
      () => clock.advance(10_000),
    );
    const other = new WebSocket(new URL('/document', server.url));
    const [{ code }] = await once(other, 'close');
    assert.equal(code, 1003);
  });

  it(`takes ${BROWSERS_MAX} browsers, and asks one more to try later`, async () => {
    for (let at = 0; at < BROWSERS_MAX; at++) assert.equal(await upgrade(), 101);
    const late = await open(TOKEN);
    assert.equal(late.closed?.code, 1013);
    raw.pop()?.destroy();
    await until(() => room.status().clients === BROWSERS_MAX - 1);
    assert.equal((await open(TOKEN)).mayWrite, true);
  });

  it('reads slower from who sends faster than it may, and loses nothing', async () => {
    const browser = await open(TOKEN);
    const text = 'x'.repeat(2 * BROWSER_BYTES_PER_SECOND);
    write(browser, text);
    await until(() => lengthIn(room) === text.length);
    for (let at = 0; at < 4; at++) write(browser, text);
    await until(() => browser.socket.bufferedAmount < text.length);
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    assert(lengthIn(room) < 5 * text.length, 'not before time has passed');
    await until(
      () => lengthIn(room) === 5 * text.length,
      () => clock.advance(1_000),
    );
  });

  it('cuts off who does not take what is sent, before more than SOCKET_BUFFER_BYTES_MAX wait', async () => {
    await upgrade();
    const text = 'x'.repeat(1024 * 1024);
    let sentBytes = 0;
    await until(
      () => room.status().clients === 0,
      () => {
        room.document.edit(1, 'node', (doc) => doc.getText(KEY).insert(0, text));
        room.document.edit(1, 'node', (doc) => doc.getText(KEY).delete(0, text.length));
        sentBytes += text.length;
      },
    );
    // What the system holds for both ends comes on top.
    assert(sentBytes > SOCKET_BUFFER_BYTES_MAX && sentBytes < 2 * SOCKET_BUFFER_BYTES_MAX, `${sentBytes}`);
  });

  it('cuts off who does not answer a ping by the time of the next', async () => {
    const alive = await open(TOKEN);
    await upgrade();
    await until(() => room.status().clients === 2);
    await clock.advance(PING_MS);
    await until(
      () => room.status().clients === 1,
      async () => {
        // The one that is alive has answered by then.
        for (let turn = 0; turn < 50; turn++) await nextTurn();
        await clock.advance(PING_MS);
      },
    );
    assert.equal(alive.closed, undefined);
  });

  it('says goodbye when the server stops, and hangs up on who does not answer', async () => {
    const browser = await open(TOKEN);
    await upgrade();
    await stop();
    await until(() => browser.closed !== undefined);
    assert.equal(browser.closed?.code, 1001);
    assert.equal(room.status().clients, 0);
    server = await start();
  });
});
