import assert from 'node:assert/strict';
import * as Y from 'yjs';
import { compareText } from '../../crdt/ids.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { encodeNews, DOCUMENT_TOPIC, type DocumentNews } from '../../net/document/gossip.ts';
import {
  AWARENESS_STATE_BYTES_MAX,
  AWARENESS_TIMEOUT_MS,
  DOCUMENT_GOSSIP_BYTES_PER_SECOND,
  DOCUMENT_GOSSIP_PAYLOAD_BYTES_MAX,
} from '../../net/document/limits.ts';
import { MemberList } from '../../net/membership/member-list.ts';
import { FLUSH_MS } from '../../src/document/document-store.ts';
import { EXCHANGE_PERIOD_MS, EXCHANGE_SOON_MS } from '../../src/document/exchange-schedule.ts';
import { GOSSIP_BATCH_MS, REFUSAL_WINDOW_MS } from '../../src/document/replicator.ts';
import { CLUSTER, noteIn, RoomCluster, type, type RoomNode } from './rooms.ts';

const KEY = 'incident/1f';
/** Exchanges are looked for four times a second and start half a second after their reason. */
const SOON_MS = EXCHANGE_SOON_MS + 500;

type Two<T> = readonly [T, T];
type Three<T> = readonly [T, T, T];

function two({ all: [a, b] }: RoomCluster): Two<RoomNode> {
  assert(a && b);
  return [a, b];
}

function three({ all: [a, b, c] }: RoomCluster): Three<RoomNode> {
  assert(a && b && c);
  return [a, b, c];
}

async function started(size: number): Promise<RoomCluster> {
  const cluster = new RoomCluster(size);
  await cluster.start();
  // Whoever met has exchanged.
  await cluster.clock.advance(5_000);
  return cluster;
}

/** So many of a thousand messages, both ways. */
function loseGossip({ hub }: RoomCluster, a: RoomNode, b: RoomNode, lossPermille = 1_000): void {
  hub.setFaults(a.signer.node, b.signer.node, { lossPermille, repeatPermille: 0, delayMsMin: 1, delayMsMax: 20 });
}

/** What a member that runs nowhere says: its key alone. */
class Outsider {
  readonly cluster: RoomCluster;
  readonly signer;
  readonly network;

  constructor(cluster: RoomCluster) {
    this.cluster = cluster;
    this.signer = cluster.nodes.make(100);
    cluster.outsiders.push(this.signer.node);
    this.network = cluster.hub.join(new MemberList(this.signer.node, cluster.members));
    this.network.subscribe(DOCUMENT_TOPIC, () => 'ignore');
  }

  async say(kind: DocumentNews['kind'], payload: Uint8Array): Promise<void> {
    const news = { node: this.signer.node, kind, payload };
    await this.network.publish(DOCUMENT_TOPIC, encodeNews(CLUSTER, this.signer, news));
    await this.cluster.clock.advance(100);
  }
}

function updateOf(client: number, text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = client;
  doc.getMap('noteIndex').set(KEY, { atMs: 1 });
  doc.getText(`note/${KEY}`).insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

/** All that three nodes come to, over links that lose gossip. */
async function lossyRun(): Promise<unknown> {
  const cluster = await started(3);
  for (const a of cluster.all) for (const b of cluster.all) if (a !== b) loseGossip(cluster, a, b, 300);
  for (const [at, { room }] of cluster.all.entries()) type(room, KEY, `${at}`, at + 1);
  await cluster.clock.advance(EXCHANGE_PERIOD_MS);
  const found = cluster.all.map(({ room, events }) => [room.document.encode(), room.presences.encode(), events]);
  await cluster.stop();
  return found;
}

describe('the cluster document on several nodes', () => {
  it('is the same on all of them a moment after an edit', async () => {
    const cluster = await started(3);
    const [a, b, c] = three(cluster);
    type(a.room, KEY, 'hello', 1);
    await cluster.until(() => noteIn(b.room, KEY) === 'hello' && noteIn(c.room, KEY) === 'hello', GOSSIP_BATCH_MS + 1);
    assert(cluster.agrees());
    await cluster.stop();
  });

  it('takes what was written on both sides of a partition, once that heals', async () => {
    const cluster = await started(4);
    const [a, b, c, d] = cluster.all;
    assert(a && b && c && d);
    type(a.room, KEY, 'before. ', 1);
    await cluster.until(() => cluster.agrees(), 1_000);
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

  it('comes to agree over links that lose half of all gossip, whoever writes', async () => {
    const cluster = await started(4);
    for (const a of cluster.all) for (const b of cluster.all) if (a !== b) loseGossip(cluster, a, b, 500);
    for (let round = 0; round < 20; round++) {
      for (const [at, { room }] of cluster.all.entries()) type(room, KEY, `${at}`, 1_000 * round + at + 1);
      await cluster.clock.advance(1_000);
    }
    await cluster.until(() => cluster.agrees(), 2 * EXCHANGE_PERIOD_MS);
    assert.equal(noteIn(two(cluster)[0].room, KEY)?.length, 80);
    await cluster.stop();
  });

  it('reaches nodes that are linked to others alone, by gossip, and where that is lost by exchanges that pass it on', async () => {
    const cluster = new RoomCluster(3);
    const [a, b, c] = three(cluster);
    cluster.hub.cut(a.signer.node, c.signer.node);
    await cluster.start();
    await cluster.clock.advance(5_000);
    type(a.room, KEY, 'one. ', 1);
    await cluster.until(() => noteIn(c.room, KEY) === 'one. ', GOSSIP_BATCH_MS + 1);
    loseGossip(cluster, a, b);
    loseGossip(cluster, b, c);
    type(a.room, KEY, 'two. ', 2);
    await cluster.until(() => noteIn(b.room, KEY) === 'two. one. ', EXCHANGE_PERIOD_MS + 5_000);
    await cluster.until(() => noteIn(c.room, KEY) === 'two. one. ', SOON_MS);
    await cluster.stop();
  });

  it('passes on what one exchange brought while another was under way, at once', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const cluster = new RoomCluster(3, seed);
      // Both ends begin with the node of the greatest id, in between.
      const [a, c, b] = cluster.all.toSorted((one, other) => compareText(one.signer.node, other.signer.node));
      assert(a && b && c);
      cluster.hub.cut(a.signer.node, c.signer.node);
      for (const other of [a, c]) {
        const slow = { lossPermille: 1_000, repeatPermille: 0, delayMsMin: 50, delayMsMax: 900 };
        cluster.hub.setFaults(b.signer.node, other.signer.node, slow);
      }
      for (const [at, node] of [a, c].entries()) {
        await node.start();
        type(node.room, KEY, `${at}`, at + 1);
      }
      await b.start();
      await cluster.until(() => cluster.agrees(), EXCHANGE_PERIOD_MS / 2);
      await cluster.stop();
    }
  });

  it('asks for what an update refers to, when gossip lost that', async () => {
    const cluster = await started(2);
    const [a, b] = two(cluster);
    loseGossip(cluster, a, b);
    type(a.room, KEY, 'lost. ', 1);
    await cluster.clock.advance(1_000);
    loseGossip(cluster, a, b, 0);
    const doc = new Y.Doc();
    Y.applyUpdate(doc, a.room.document.encode());
    const before = Y.encodeStateVector(doc);
    doc.getText(`note/${KEY}`).insert(6, 'behind it. ');
    a.room.document.take(Y.encodeStateAsUpdate(doc, before), 'a browser', { bytesMax: 10_000, structsMax: 100 });
    await cluster.until(() => noteIn(b.room, KEY) === 'lost. behind it. ', GOSSIP_BATCH_MS + SOON_MS);
    await cluster.stop();
  });

  it('sends what is too large for gossip by exchange, at once', async () => {
    const cluster = await started(2);
    const [a, b] = two(cluster);
    const text = 'x'.repeat(DOCUMENT_GOSSIP_PAYLOAD_BYTES_MAX);
    type(a.room, KEY, text, 1);
    await cluster.until(() => noteIn(b.room, KEY) === text, GOSSIP_BATCH_MS + SOON_MS);
    await cluster.stop();
  });

  it('sends what is written faster than others take it by exchange, and they miss nothing', async () => {
    const cluster = await started(2);
    const [a, b] = two(cluster);
    const count = 8;
    for (let at = 0; at < count; at++) {
      type(a.room, KEY, 'x'.repeat(DOCUMENT_GOSSIP_BYTES_PER_SECOND / 4), at + 1);
      await cluster.clock.advance(GOSSIP_BATCH_MS);
    }
    await cluster.until(() => cluster.agrees(), GOSSIP_BATCH_MS + SOON_MS);
    assert.deepEqual(
      b.events.filter(({ type: name }) => name === 'document-refused'),
      [],
    );
    await cluster.stop();
  });

  it('is determined by the seed of its cluster: text, presence and events', async () => {
    assert.deepEqual(await lossyRun(), await lossyRun());
  });

  it('survives the crash of a node, and of all of them', async () => {
    const cluster = await started(2);
    const [a, b] = two(cluster);
    type(a.room, KEY, 'kept. ', 1);
    await cluster.clock.advance(FLUSH_MS + 1);
    await a.crash();
    type(b.room, KEY, 'meanwhile. ', 2);
    await cluster.clock.advance(1_000);
    await a.start();
    assert.equal(noteIn(a.room, KEY), 'kept. ', 'from its own disk, before it has met anybody');
    await cluster.until(() => noteIn(a.room, KEY) === 'meanwhile. kept. ', 5_000);
    await cluster.clock.advance(FLUSH_MS + 1);
    for (const node of cluster.all) await node.crash();
    await cluster.start();
    for (const { room } of cluster.all) assert.equal(noteIn(room, KEY), 'meanwhile. kept. ');
    await cluster.stop();
  });

  it('tells the others on the way out what was just written, and keeps it', async () => {
    const cluster = await started(2);
    const [a, b] = two(cluster);
    type(a.room, KEY, 'last words', 1);
    await a.stop();
    await cluster.clock.advance(10);
    assert.equal(noteIn(b.room, KEY), 'last words');
    await a.start();
    assert.equal(noteIn(a.room, KEY), 'last words');
    await cluster.stop();
  });

  it('sends nothing to a peer whose document is the same', async () => {
    const cluster = await started(3);
    type(two(cluster)[0].room, KEY, 'x', 1);
    await cluster.until(() => cluster.agrees(), 1_000);
    for (const node of cluster.all) node.events.length = 0;
    await cluster.clock.advance(10 * EXCHANGE_PERIOD_MS);
    for (const { events } of cluster.all) assert.deepEqual(events, []);
    await cluster.stop();
  });

  it('shows on every node who is there, soon after it has met them, and that they have gone', async () => {
    const cluster = await started(2);
    const [a, b] = two(cluster);
    for (const { room } of cluster.all) assert.equal(room.presences.count, 2);
    cluster.hub.cut(a.signer.node, b.signer.node);
    await cluster.clock.advance(AWARENESS_TIMEOUT_MS + 5_000);
    for (const { room } of cluster.all) assert.equal(room.presences.count, 1);
    cluster.hub.heal(a.signer.node, b.signer.node);
    await cluster.until(() => cluster.all.every(({ room }) => room.presences.count === 2), 1_000);
    await b.stop();
    await cluster.clock.advance(10);
    assert.equal(a.room.presences.count, 1);
    await a.stop();
  });

  it('shows as many on every node as one browser claims to be, whatever they say', async () => {
    const cluster = await started(2);
    const [a, b] = two(cluster);
    const count = 150;
    const writer = new Writer().varint(count);
    const state = JSON.stringify({ name: 'x'.repeat(AWARENESS_STATE_BYTES_MAX - 20) });
    for (let client = 10; client < 10 + count; client++) writer.varint(client).varint(1).text(state);
    a.room.presences.take(writer.finish());
    await cluster.until(() => b.room.presences.count === count + 2, 1_000);
    await cluster.stop();
  });

  it('takes nothing from a member that sends what is no update or presence, or too much, and goes on', async () => {
    const cluster = new RoomCluster(2);
    const mallory = new Outsider(cluster);
    await cluster.start();
    await mallory.network.start();
    await cluster.clock.advance(5_000);
    const [a] = two(cluster);
    const refusals = (): unknown[] =>
      a.events.splice(0).flatMap((event) => (event.type === 'document-refused' ? [event.reason] : []));
    refusals();
    await mallory.say('update', Uint8Array.of(9, 9, 9));
    assert.deepEqual(refusals(), ['malformed']);
    await mallory.say('update', Uint8Array.of(9, 9, 8));
    assert.deepEqual(refusals(), [], 'it is reported once in a while');
    await cluster.clock.advance(REFUSAL_WINDOW_MS);
    await mallory.say('awareness', Uint8Array.of(9, 9, 9));
    assert.deepEqual(refusals(), ['malformed']);
    const half = 'x'.repeat(DOCUMENT_GOSSIP_PAYLOAD_BYTES_MAX - 1_000);
    await mallory.say('update', updateOf(1, half));
    await mallory.say('update', updateOf(2, half));
    assert.deepEqual(refusals(), [], 'a second of what it may send');
    await mallory.say('update', updateOf(3, half));
    assert.deepEqual(refusals(), ['too-fast']);
    await cluster.clock.advance(2_000);
    await mallory.say('update', updateOf(4, 'y'));
    assert.deepEqual(refusals(), []);
    assert.equal(noteIn(a.room, KEY)?.length, 2 * half.length + 1);
    type(a.room, KEY, 'goes on', 5);
    await cluster.until(() => cluster.agrees(), 1_000);
    await mallory.network.stop();
    await cluster.stop();
  });
});
