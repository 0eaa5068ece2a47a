import assert from 'node:assert/strict';
import * as Y from 'yjs';
import { Writer } from '../../crdt/codec/writer.ts';
import { decodeBrowserMessage, encodeBrowserMessage, type BrowserMessage } from '../../net/document/browser.ts';
import { AWARENESS_TIMEOUT_MS, DOCUMENT_BYTES_MAX } from '../../net/document/limits.ts';
import {
  BROWSER_BYTES_PER_SECOND,
  BROWSER_STEPS_PER_WINDOW_MAX,
  BROWSER_WINDOW_MS,
  BrowserSession,
  type AfterFrame,
} from '../../src/document/browser-session.ts';
import { ClusterDocument } from '../../src/document/cluster-document.ts';
import { Presences } from '../../src/document/presences.ts';
import { seededRandom } from '../../src/sim/seeded-random.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';

const GO_ON: AfterFrame = { type: 'go-on', waitMs: 0 };

class Desk {
  readonly clock = new VirtualClock();
  readonly document = new ClusterDocument('test', seededRandom(1));
  readonly presences = new Presences({ clock: this.clock, client: () => 1, name: () => 'node' });

  open(mayWrite = true): Session {
    return new Session(this, mayWrite);
  }

  get text(): string {
    return this.document.read((doc) => doc.getText('text').toJSON());
  }
}

class Session {
  readonly sent: BrowserMessage[] = [];
  readonly session: BrowserSession;

  constructor({ document, presences, clock }: Desk, mayWrite: boolean) {
    const send = (frame: Uint8Array): void => void this.sent.push(decodeBrowserMessage(frame) ?? assert.fail());
    this.session = new BrowserSession({ document, presences, clock, mayWrite, send, onEnd: () => {} });
  }

  kinds(): BrowserMessage['kind'][] {
    return this.sent.splice(0).map(({ kind }) => kind);
  }

  say(message: BrowserMessage): AfterFrame {
    return this.session.receive(encodeBrowserMessage(message));
  }

  type(client: number, text: string): AfterFrame {
    return this.say({ kind: 'update', update: updateOf(client, text) });
  }
}

function updateOf(client: number, text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = client;
  doc.getText('text').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

function presenceOf(client: number, name: string, clock = 1): Uint8Array {
  return new Writer().varint(1).varint(client).varint(clock).text(JSON.stringify({ name })).finish();
}

/** Why the browser is cut off; 0: it is not. */
function codeOf(after: AfterFrame): number {
  return after.type === 'close' ? after.code : 0;
}

describe('a browser of the cluster document', () => {
  it('is told what it may do and who is there, and asked for what it has if it may write', () => {
    const desk = new Desk();
    assert.deepEqual(desk.open().kinds(), ['may-write', 'step-1', 'awareness']);
    assert.deepEqual(desk.open(false).kinds(), ['may-write', 'awareness']);
  });

  it('gets what it lacks, and what others write from then on, but not what it wrote itself', () => {
    const desk = new Desk();
    const [one, two] = [desk.open(), desk.open()];
    desk.document.edit(10, 'node', (doc) => doc.getText('text').insert(0, 'before. '));
    one.kinds();
    two.kinds();
    one.say({ kind: 'step-1', stateVector: Uint8Array.of(0) });
    assert.deepEqual(one.kinds(), ['step-2']);
    assert.deepEqual(one.type(7, 'mine. '), GO_ON);
    assert.deepEqual([one.kinds(), two.kinds()], [[], ['update']]);
    one.session.end();
    two.type(8, 'later. ');
    assert.deepEqual(one.kinds(), [], 'nothing goes to who has gone');
  });

  it('that may not write changes neither text nor presence', () => {
    const desk = new Desk();
    const session = desk.open(false);
    assert.deepEqual(session.type(7, 'x'), GO_ON);
    assert.deepEqual(session.say({ kind: 'step-2', update: updateOf(7, 'x') }), GO_ON);
    assert.deepEqual(session.say({ kind: 'awareness', update: presenceOf(7, 'mallory') }), GO_ON);
    assert.equal(desk.document.structs, 0);
    assert.equal(desk.presences.count, 0);
  });

  it('is asked for what it has when an update refers to what is not here', () => {
    const desk = new Desk();
    const session = desk.open();
    const doc = new Y.Doc();
    doc.getText('text').insert(0, 'first. ');
    const before = Y.encodeStateVector(doc);
    doc.getText('text').insert(7, 'second. ');
    session.kinds();
    session.say({ kind: 'update', update: Y.encodeStateAsUpdate(doc, before) });
    assert.deepEqual(session.kinds(), ['step-1']);
    session.say({ kind: 'step-2', update: Y.encodeStateAsUpdate(doc) });
    assert.equal(desk.text, 'first. second. ');
  });

  it('may only look on, once the document is full', () => {
    const desk = new Desk();
    const text = 'x'.repeat(DOCUMENT_BYTES_MAX - 200);
    assert(desk.document.edit(text.length, 'node', (doc) => doc.getText('text').insert(0, text)));
    const session = desk.open();
    session.type(7, 'fits');
    session.sent.length = 0;
    session.type(8, 'y'.repeat(200));
    assert.deepEqual(session.sent, [{ kind: 'may-write', mayWrite: false }]);
    session.type(9, 'z');
    assert.equal(desk.text.length, text.length + 4);
  });

  it('is to be read slower when it sends more than BROWSER_BYTES_PER_SECOND, and loses nothing by it', () => {
    const desk = new Desk();
    const session = desk.open();
    const frame = encodeBrowserMessage({
      kind: 'update',
      update: updateOf(7, 'x'.repeat(BROWSER_BYTES_PER_SECOND - 60)),
    });
    assert(frame.length <= BROWSER_BYTES_PER_SECOND && frame.length > BROWSER_BYTES_PER_SECOND - 60);
    assert.deepEqual(session.session.receive(frame), GO_ON);
    const after = session.session.receive(frame);
    assert(after.type === 'go-on' && after.waitMs > 990 && after.waitMs <= 1_000, JSON.stringify(after));
    assert.equal(desk.text.length, BROWSER_BYTES_PER_SECOND - 60);
  });

  it('may ask BROWSER_STEPS_PER_WINDOW_MAX times for everything in a window, and is cut off when it asks once more', async () => {
    const desk = new Desk();
    const session = desk.open();
    const ask = (): AfterFrame => session.say({ kind: 'step-1', stateVector: Uint8Array.of(0) });
    for (let at = 0; at < BROWSER_STEPS_PER_WINDOW_MAX; at++) assert.deepEqual(ask(), GO_ON);
    assert.deepEqual(ask(), { type: 'close', code: 1008, reason: 'asked for the document too often' });
    await desk.clock.advance(BROWSER_WINDOW_MS);
    assert.deepEqual(ask(), GO_ON);
  });

  it('is cut off when it sends what is no message, update, state vector or presence; other kinds are passed over', () => {
    const desk = new Desk();
    const session = desk.open();
    assert.equal(codeOf(session.session.receive(Uint8Array.of(0x80))), 1002);
    assert.equal(codeOf(session.say({ kind: 'update', update: Uint8Array.of(9, 9) })), 1002);
    assert.equal(codeOf(session.say({ kind: 'step-1', stateVector: Uint8Array.of(9, 9) })), 1002);
    assert.equal(codeOf(session.say({ kind: 'awareness', update: Uint8Array.of(9, 9) })), 1002);
    assert.equal(codeOf(session.session.receive(Uint8Array.of(99))), 0);
    assert.equal(codeOf(session.say({ kind: 'may-write', mayWrite: true })), 0);
  });

  it('is shown to the others until it goes, or is silent for AWARENESS_TIMEOUT_MS', async () => {
    const desk = new Desk();
    desk.presences.start();
    const [one, two] = [desk.open(), desk.open()];
    one.say({ kind: 'awareness', update: presenceOf(7, 'ada') });
    two.say({ kind: 'awareness', update: presenceOf(8, 'bob') });
    assert.equal(desk.presences.count, 3, 'and the node itself');
    two.sent.length = 0;
    one.session.end();
    assert.deepEqual(
      two.sent.map((message) => message.kind === 'awareness' && Buffer.from(message.update).toString()),
      ['\u0001\u0007\u0001\u0004null'],
    );
    assert.equal(desk.presences.count, 2);
    await desk.clock.advance(AWARENESS_TIMEOUT_MS + 3_000);
    assert.equal(desk.presences.count, 1, 'the node says that it is there');
    desk.presences.stop();
    assert.equal(desk.presences.count, 0);
  });
});
