import assert from 'node:assert/strict';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { LIVE_PATH, WINDOW_HEIGHTS_MAX, WISH_BYTES_MAX } from '../../src/dashboard/frames.ts';
import { CLIENTS_MAX, LiveFeed } from '../../src/dashboard/live-feed.ts';
import { liveSocket, WISHES_PER_SECOND_MAX } from '../../src/dashboard/live-socket.ts';
import { systemClock } from '../../src/node/machine.ts';
import { startRpcServer, type RpcServer } from '../../src/rpc/server.ts';
import { testQueries } from '../rpc/queries.ts';
import { TestPage, TestSource } from './feed.ts';

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, 'close');
  return code;
}

describe('the socket of the live feed', () => {
  const source = new TestSource();
  let server: RpcServer;
  let feed: LiveFeed;

  beforeEach(async () => {
    feed = new LiveFeed({ clock: systemClock, source, build: 'b1' });
    server = await startRpcServer({
      queries: testQueries(),
      listen: { host: '127.0.0.1', port: 0 },
      onDefect: () => undefined,
      sockets: new Map([[LIVE_PATH, liveSocket(feed, systemClock)]]),
    });
  });
  afterEach(async () => {
    feed.stop();
    await server.close();
  });

  const url = (): string => server.url.replace('http:', 'ws:') + LIVE_PATH;
  const connect = (headers: Record<string, string> = {}): WebSocket => new WebSocket(url(), { headers });
  /** The status by which an upgrade was refused. */
  const refusal = async (headers: Record<string, string>): Promise<number | undefined> => {
    const socket = connect(headers);
    const [, response] = await once(socket, 'unexpected-response');
    socket.on('error', () => undefined).terminate();
    return response.statusCode;
  };

  it('tells the page that came from this server, and a program', async () => {
    for (const headers of [{ origin: server.url }, {}]) {
      const page = new TestPage();
      const socket = connect(headers);
      const [message] = await once(socket, 'message');
      page.send(String(message));
      assert.equal(page.last.build, 'b1');
      socket.close();
    }
  });

  it('refuses the pages of other origins, and names that are not of this machine', async () => {
    const { port } = new URL(server.url);
    assert.equal(await refusal({ origin: 'https://evil.example' }), 403);
    assert.equal(await refusal({ origin: 'null' }), 403);
    assert.equal(await refusal({ origin: `http://127.0.0.1:${Number(port) + 1}` }), 403);
    assert.equal(await refusal({ host: `evil.example:${port}`, origin: `http://evil.example:${port}` }), 403);
  });

  it('leaves JSON-RPC closed to pages, its own included', async () => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url },
      body: '{}',
    });
    assert.equal(response.status, 403);
  });

  it('answers what the page asks for', async () => {
    source.set(3, 'success');
    const socket = connect();
    const page = new TestPage();
    const told = new Promise<void>((resolve) => {
      socket.on('message', (message: Buffer) => {
        page.send(message.toString());
        if (page.last.height?.number === 3) resolve();
      });
    });
    await once(socket, 'open');
    socket.send(JSON.stringify({ from: 0, heights: WINDOW_HEIGHTS_MAX, open: 3 }));
    await told;
    assert.equal(page.codes.get(3), source.code(3));
    socket.close();
  });

  it('closes to whoever sends anything else, and goes on for the others', async () => {
    const other = connect();
    await once(other, 'open');
    const sent = [
      '{',
      '{}',
      JSON.stringify({ from: 0, heights: WINDOW_HEIGHTS_MAX + 1, open: null }),
      JSON.stringify({ from: -1, heights: 1, open: null }),
      Buffer.from('{}'),
      ' '.repeat(WISH_BYTES_MAX + 1),
    ];
    for (const message of sent) {
      const socket = connect();
      await once(socket, 'open');
      socket.send(message);
      assert.equal(await closeCode(socket), 1008, String(message).slice(0, 60));
    }
    assert.equal(other.readyState, WebSocket.OPEN);
    other.close();
  });

  it(`closes to whoever asks more than ${WISHES_PER_SECOND_MAX} times a second`, async () => {
    const socket = connect();
    await once(socket, 'open');
    for (let at = 0; at < 2 * WISHES_PER_SECOND_MAX; at++) {
      socket.send(JSON.stringify({ from: at, heights: 1, open: null }));
    }
    assert.equal(await closeCode(socket), 1008);
  });

  it(`serves ${CLIENTS_MAX} pages, and says to one more that it may come later`, async () => {
    const sockets = Array.from({ length: CLIENTS_MAX }, () => connect());
    await Promise.all(sockets.map((socket) => once(socket, 'message')));
    assert.equal(await closeCode(connect()), 1013);
    for (const socket of sockets) socket.terminate();
  });
});
