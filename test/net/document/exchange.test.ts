import assert from 'node:assert/strict';
import * as Y from 'yjs';
import type { NodeId } from '../../../crdt/ids.ts';
import {
  documentHandler,
  exchangeDocuments,
  type DocumentSide,
  type ExchangeStats,
} from '../../../net/document/exchange.ts';
import {
  DOCUMENT_BYTES_MAX,
  DOCUMENT_EXCHANGE_WINDOW_MS,
  DOCUMENT_EXCHANGES_PER_WINDOW_MAX,
  DOCUMENT_FRAME_BYTES_MAX,
} from '../../../net/document/limits.ts';
import { encodeDocumentAnswer, encodeDocumentHello, encodeDocumentUpdate } from '../../../net/document/messages.ts';
import { encodeFrames } from '../../../net/framing/frames.ts';
import { PeerMisbehaved } from '../../../net/framing/peer-misbehaved.ts';
import type { ByteStream } from '../../../net/network.ts';
import { ClusterDocument, MERGE_CAPACITY } from '../../../src/document/cluster-document.ts';
import { seededRandom } from '../../../src/sim/seeded-random.ts';
import { VirtualClock } from '../../../src/sim/virtual-clock.ts';
import { nodeOf } from '../../crdt/block/arbitraries.ts';
import { connectedStreams, readAll, streamOf } from '../stream-pair.ts';

const [ALICE, BOB] = [nodeOf(1), nodeOf(2)];
const NEVER = new AbortController().signal;

class Side implements DocumentSide {
  readonly document: ClusterDocument;
  readonly from: NodeId[] = [];

  constructor(seed: number) {
    this.document = new ClusterDocument('test', seededRandom(seed));
  }

  fingerprint = (): Uint8Array => this.document.fingerprint();
  stateVector = (): Uint8Array => this.document.stateVector();
  updateFor = (stateVector: Uint8Array): Uint8Array | undefined => this.document.updateFor(stateVector);

  take(update: Uint8Array, from: NodeId): void {
    this.from.push(from);
    const taken = this.document.take(update, 'test', MERGE_CAPACITY);
    if (taken === 'malformed') throw new PeerMisbehaved({ argument: 'update', expected: 'one', found: 'none' });
  }

  write(text: string): void {
    const isWritten = this.document.edit(text.length, 'test', (doc) => doc.getText('text').insert(0, text));
    assert(isWritten);
  }

  get text(): string {
    return this.document.read((doc) => doc.getText('text').toJSON());
  }
}

class Pair {
  readonly clock = new VirtualClock();
  readonly asker = new Side(1);
  readonly answerer = new Side(2);
  readonly served: ExchangeStats[] = [];
  readonly handler = documentHandler({
    clock: this.clock,
    side: this.answerer,
    onServed: (_peer, stats) => void this.served.push(stats),
  });

  async exchange(): Promise<ExchangeStats> {
    const { near, far } = connectedStreams();
    const serving = this.handler(ALICE, far);
    const stats = await this.ask(near);
    await serving;
    return stats;
  }

  ask(stream: ByteStream): Promise<ExchangeStats> {
    const { clock, asker: side } = this;
    return exchangeDocuments({ network: { open: async () => stream }, clock, side, peer: BOB, signal: NEVER });
  }
}

async function* framed(...messages: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* encodeFrames(
    (async function* () {
      yield* messages;
    })(),
  );
}

const hello = (side: Side): Uint8Array =>
  encodeDocumentHello({ fingerprint: new Uint8Array(16), stateVector: side.stateVector() });

/** The four bytes in front of a frame of `length` bytes. */
function lengthOf(length: number): Uint8Array {
  return Uint8Array.of(
    0x80 | (length & 0x7f),
    0x80 | ((length >> 7) & 0x7f),
    0x80 | ((length >> 14) & 0x7f),
    length >> 21,
  );
}

describe('an exchange of documents', () => {
  it('leaves both sides with all that either had', async () => {
    const pair = new Pair();
    pair.asker.write('from the asker. ');
    pair.answerer.write('from the answerer. ');
    const stats = await pair.exchange();
    assert(stats.sentBytes > 0 && stats.receivedBytes > 0);
    assert.deepEqual(pair.served, [{ sentBytes: stats.receivedBytes, receivedBytes: stats.sentBytes }]);
    assert.deepEqual(pair.asker.fingerprint(), pair.answerer.fingerprint());
    assert.equal(pair.asker.text, pair.answerer.text);
    assert.deepEqual([pair.asker.from, pair.answerer.from], [[BOB], [ALICE]]);
  });

  it('sends nothing but two short messages when the documents are the same, and what is missing alone when they are not', async () => {
    const pair = new Pair();
    pair.asker.write('x'.repeat(100_000));
    await pair.exchange();
    assert.deepEqual(await pair.exchange(), { sentBytes: 0, receivedBytes: 0 });
    assert.deepEqual(pair.asker.from, [BOB], 'nothing was taken the second time');
    pair.answerer.write('one more');
    const { sentBytes, receivedBytes } = await pair.exchange();
    assert(sentBytes < 50 && receivedBytes < 100, `${sentBytes} ${receivedBytes}`);
    assert.deepEqual(pair.asker.fingerprint(), pair.answerer.fingerprint());
  });

  it('carries deletions, which no state vector tells of', async () => {
    const pair = new Pair();
    pair.asker.write('to be deleted');
    await pair.exchange();
    pair.answerer.document.edit(1, 'test', (doc) => doc.getText('text').delete(0, 6));
    await pair.exchange();
    assert.equal(pair.asker.text, 'deleted');
  });

  it('carries the largest document', async () => {
    const pair = new Pair();
    pair.answerer.write('x'.repeat(DOCUMENT_BYTES_MAX - 100));
    await pair.exchange();
    assert.equal(pair.asker.text.length, DOCUMENT_BYTES_MAX - 100);
  });

  it('is refused to a peer that begins a second one before the first has ended', async () => {
    const pair = new Pair();
    const { far } = connectedStreams();
    const first = pair.handler(ALICE, far);
    await assert.rejects(pair.handler(ALICE, connectedStreams().far), PeerMisbehaved);
    const other = pair.handler(BOB, streamOf(framed(hello(pair.asker), encodeDocumentUpdate(Uint8Array.of(0, 0)))));
    await other;
    far.abort(new Error('over'));
    await assert.rejects(first);
  });

  it('is served DOCUMENT_EXCHANGES_PER_WINDOW_MAX times in a window and no more', async () => {
    const pair = new Pair();
    for (let at = 0; at < DOCUMENT_EXCHANGES_PER_WINDOW_MAX; at++) await pair.exchange();
    await assert.rejects(pair.handler(ALICE, connectedStreams().far), PeerMisbehaved);
    await pair.clock.advance(DOCUMENT_EXCHANGE_WINDOW_MS);
    await pair.exchange();
  });

  it('holds it against a peer that sends what is no message, state vector or update', async () => {
    const spoiled = Uint8Array.of(9, 9, 9, 9);
    const noStateVector = encodeDocumentHello({ fingerprint: new Uint8Array(16), stateVector: spoiled });
    const pair = new Pair();
    pair.answerer.write('x');
    for (const messages of [
      [spoiled],
      [noStateVector],
      [hello(pair.asker), spoiled],
      [hello(pair.asker), encodeDocumentUpdate(spoiled)],
    ]) {
      await assert.rejects(pair.handler(ALICE, streamOf(framed(...messages))), PeerMisbehaved);
    }
    for (const answer of [
      spoiled,
      encodeDocumentAnswer({ stateVector: spoiled, update: Uint8Array.of(0, 0) }),
      encodeDocumentAnswer({ stateVector: Uint8Array.of(0), update: spoiled }),
    ]) {
      await assert.rejects(pair.ask(streamOf(framed(answer))), PeerMisbehaved);
    }
    assert.equal(pair.answerer.text, 'x');
  });

  it('fails, to nobody’s blame, when the other side ends too early', async () => {
    const pair = new Pair();
    pair.answerer.write('x');
    await assert.rejects(pair.ask(streamOf([])), { code: 'ERR_STREAM_FAILED' });
    await assert.rejects(pair.handler(ALICE, streamOf(framed(hello(pair.asker)))), { code: 'ERR_STREAM_FAILED' });
  });

  it('takes frames of DOCUMENT_FRAME_BYTES_MAX, and refuses a longer one by its length', async () => {
    const pair = new Pair();
    const { near, far } = connectedStreams();
    const serving = pair.handler(ALICE, far);
    await Promise.all([
      near.sink([lengthOf(DOCUMENT_FRAME_BYTES_MAX + 1)]).catch(() => undefined),
      assert.rejects(serving, PeerMisbehaved),
      readAll(near.source).catch(() => undefined),
    ]);
    const atLimit = encodeDocumentUpdate(new Uint8Array(DOCUMENT_FRAME_BYTES_MAX - 1));
    // Zeros are an update of nothing, and Yjs passes over what follows one.
    pair.answerer.write('x');
    await pair.handler(BOB, streamOf(framed(hello(pair.asker), atLimit)));
    assert.deepEqual(pair.answerer.from, [BOB]);
  });

  it('agrees with the exchange of Yjs itself', async () => {
    const pair = new Pair();
    pair.asker.write('by the asker ');
    pair.answerer.write('by the answerer ');
    const both = Y.mergeUpdates([pair.asker.document.encode(), pair.answerer.document.encode()]);
    await pair.exchange();
    const doc = new Y.Doc();
    Y.applyUpdate(doc, both);
    assert.equal(doc.getText('text').toJSON(), pair.asker.text);
  });
});
