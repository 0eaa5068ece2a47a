/** The proxy between two nodes, over real sockets: what passes, what a fault holds back, what a heal lets go. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { FLOW_BYTES_MAX } from '../../src/chaos/proxy/flow.ts';
import { PROXIED_CONNECTIONS_MAX } from '../../src/chaos/proxy/link-proxy.ts';
import { CLEAR_LINK } from '../../src/chaos/proxy/shape.ts';
import { until } from '../net/transport/until.ts';
import { ProxiedWay } from './sockets.ts';

const BLOCKED = { ...CLEAR_LINK, isBlocked: true };

/** All bytes that `socket` hears from now on. */
function hear(socket: Socket): { readonly text: () => string; readonly bytes: () => number; hasEnded: boolean } {
  const chunks: Buffer[] = [];
  const heard = {
    text: () => Buffer.concat(chunks).toString(),
    bytes: () => Buffer.concat(chunks).length,
    hasEnded: false,
  };
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('end', () => (heard.hasEnded = true));
  return heard;
}

async function connected(way: ProxiedWay): Promise<[dialler: Socket, listener: Socket]> {
  const count = way.accepted.length;
  const dialler = await way.dial();
  await until(() => way.accepted.length > count);
  const listener = way.accepted[count];
  assert.ok(listener !== undefined);
  return [dialler, listener];
}

describe('a proxy between two nodes', () => {
  it('passes bytes whole and in order both ways, whatever the jitter, and then the end', async () => {
    await using way = await ProxiedWay.open();
    way.there.impose({ ...CLEAR_LINK, latencyMs: 2, jitterMs: 10, stallPermille: 100, stallMs: 5 });
    const [dialler, listener] = await connected(way);
    const [atListener, atDialler] = [hear(listener), hear(dialler)];
    const sent = Array.from({ length: 50 }, (_, at) => `${at},`);
    for (const part of sent) dialler.write(part);
    dialler.end();
    listener.end('answer');
    await until(() => atListener.hasEnded && atDialler.hasEnded);
    assert.equal(atListener.text(), sent.join(''));
    assert.equal(atDialler.text(), 'answer');
  });

  it('holds back one way alone, with the end and resets, and lets all of it go on heal', async () => {
    await using way = await ProxiedWay.open();
    const [dialler, listener] = await connected(way);
    const [atListener, atDialler] = [hear(listener), hear(dialler)];
    const heal = way.there.impose(BLOCKED);
    dialler.end('lost for now');
    listener.write('heard');
    await until(() => atDialler.text() === 'heard');
    assert.equal(atListener.text(), '');
    assert.equal(atListener.hasEnded, false);
    heal();
    await until(() => atListener.hasEnded);
    assert.equal(atListener.text(), 'lost for now');
  });

  it('lets nobody hear of a dial into a blocked link before it heals', async () => {
    await using way = await ProxiedWay.open();
    const heal = way.back.impose(BLOCKED);
    const dialler = await way.dial();
    dialler.write('hello');
    await until(() => way.proxy.connections === 1);
    assert.equal(way.accepted.length, 0);
    heal();
    await until(() => way.accepted.length === 1);
    const listener = way.accepted[0];
    assert.ok(listener !== undefined);
    const heard = hear(listener);
    await until(() => heard.text() === 'hello');
  });

  it('resets both ends at once', async () => {
    await using way = await ProxiedWay.open();
    const [dialler, listener] = await connected(way);
    way.proxy.resetAll();
    await until(() => dialler.destroyed && listener.destroyed);
    await until(() => way.proxy.connections === 0);
  });

  it('leaves the dialler of a half-open connection without a word until it is over', async () => {
    await using way = await ProxiedWay.open();
    const [dialler, listener] = await connected(way);
    const heard = hear(dialler);
    const over = way.proxy.leaveHalfOpen();
    await until(() => listener.destroyed);
    dialler.write('are you there?');
    const [probe] = await connected(way);
    assert.equal(probe.destroyed, false, 'a new connection passes');
    assert.equal(dialler.destroyed, false);
    assert.equal(heard.hasEnded, false);
    over();
    await until(() => dialler.destroyed);
  });

  it(`holds ${FLOW_BYTES_MAX} bytes, and then the sender feels it`, async () => {
    await using way = await ProxiedWay.open();
    const [dialler, listener] = await connected(way);
    const heal = way.there.impose(BLOCKED);
    const chunk = Buffer.alloc(256 * 1024, 'x');
    const sentBytes = 16 * FLOW_BYTES_MAX;
    let writtenBytes = 0;
    const finished = (async (): Promise<void> => {
      while (writtenBytes < sentBytes) {
        writtenBytes += chunk.length;
        if (!dialler.write(chunk)) await once(dialler, 'drain');
      }
      dialler.end();
    })();
    await until(() => way.proxy.heldBytes >= FLOW_BYTES_MAX);
    assert.ok(way.proxy.heldBytes < FLOW_BYTES_MAX + 128 * 1024, 'one read more at most');
    assert.ok(writtenBytes < sentBytes);
    heal();
    const heard = hear(listener);
    await finished;
    await until(() => heard.hasEnded);
    assert.equal(heard.bytes(), sentBytes);
  });

  it(`stands ${PROXIED_CONNECTIONS_MAX} connections, and resets one more; of dials that wait, the oldest goes`, async () => {
    await using way = await ProxiedWay.open();
    for (let at = 0; at < PROXIED_CONNECTIONS_MAX; at++) await connected(way);
    const beyond = await way.dial();
    await until(() => beyond.destroyed);
    assert.equal(way.proxy.connections, PROXIED_CONNECTIONS_MAX);
    way.proxy.resetAll();
    await until(() => way.proxy.connections === 0);

    way.there.impose(BLOCKED);
    const oldest = await way.dial();
    for (let at = 1; at < PROXIED_CONNECTIONS_MAX; at++) await way.dial();
    await until(() => way.proxy.connections === PROXIED_CONNECTIONS_MAX);
    const newest = await way.dial();
    await until(() => oldest.destroyed);
    assert.equal(newest.destroyed, false);
  });

  it('lets its process end when it was reset after an end', async () => {
    const program = fileURLToPath(new URL('end-then-reset.ts', import.meta.url));
    const child = spawn(process.execPath, [program], { stdio: 'inherit' });
    try {
      const [code] = await once(child, 'exit');
      assert.equal(code, 0);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
