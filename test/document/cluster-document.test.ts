import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import * as Y from 'yjs';
import { DOCUMENT_ALERT_BYTES_MAX, DOCUMENT_BYTES_MAX } from '../../net/document/limits.ts';
import { ClusterDocument, EDIT_CAPACITY, type Capacity, type Taken } from '../../src/document/cluster-document.ts';
import { seededRandom } from '../../src/sim/seeded-random.ts';
import { flipsOf, truncationsOf } from '../net/spoiled-bytes.ts';
import { holds } from '../properties.ts';

function documentOf(seed = 1): ClusterDocument {
  return new ClusterDocument('test', seededRandom(seed));
}

/** What another writer makes of an empty document, as one update. */
function written(client: number, write: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = client;
  doc.transact(() => write(doc));
  return Y.encodeStateAsUpdate(doc);
}

/** What another writer types into an empty document. */
function typed(client: number, text: string): Uint8Array {
  return written(client, (doc) => doc.getText('text').insert(0, text));
}

function take(document: ClusterDocument, update: Uint8Array, capacity: Capacity = EDIT_CAPACITY): Taken {
  return document.take(update, 'test', capacity);
}

const textOf = (document: ClusterDocument): string => document.read((doc) => doc.getText('text').toJSON());

describe('the cluster document', () => {
  it('names its writer by the chance it is given, and by nothing else', () => {
    assert.equal(documentOf(3).client, documentOf(3).client);
    assert.notEqual(documentOf(3).client, documentOf(4).client);
  });

  it('is the same, by its fingerprint, exactly when the same writes and deletions were taken, in whatever order', () => {
    const updates = [1, 2, 3].map((client) => typed(client, `by ${client} `));
    holds(
      fc.property(fc.shuffledSubarray(updates, { minLength: 3 }), (order) => {
        const [here, there] = [documentOf(1), documentOf(2)];
        for (const update of updates) assert.equal(take(here, update), 'applied');
        for (const update of order) assert.equal(take(there, update), 'applied');
        assert.deepEqual(there.fingerprint(), here.fingerprint());
        assert.equal(textOf(there), textOf(here));
        there.edit(10, 'test', (doc) => doc.getText('text').delete(3, 4));
        assert.notDeepEqual(there.fingerprint(), here.fingerprint(), 'a deletion counts');
        take(here, there.updateFor(here.stateVector()) ?? assert.fail());
        assert.deepEqual(there.fingerprint(), here.fingerprint());
      }),
    );
  });

  it('keeps nothing of an update whose beginning is missing, and takes it in once that is there', () => {
    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on('update', (update: Uint8Array) => updates.push(update));
    doc.getText('text').insert(0, 'first ');
    doc.getText('text').insert(6, 'second');
    const [first, second] = updates;
    assert(first && second);
    const document = documentOf();
    const empty = document.encode();
    assert.equal(take(document, second), 'incomplete');
    assert.deepEqual(document.encode(), empty, 'nothing waits in it');
    assert.equal(take(document, first), 'applied');
    assert.equal(textOf(document), 'first ');
    assert.equal(take(document, second), 'applied');
    assert.equal(textOf(document), 'first second');
  });

  it('takes what fits into its bytes exactly, and nothing of what is a byte more', () => {
    const update = typed(1, 'x'.repeat(1_000));
    const exact = { bytesMax: documentOf().encode().length + update.length, structsMax: 10 };
    const document = documentOf();
    document.encode();
    assert.equal(take(document, update, { ...exact, bytesMax: exact.bytesMax - 1 }), 'full');
    assert.equal(document.structs, 0);
    assert.equal(take(document, update, exact), 'applied');
    assert.equal(take(document, typed(2, 'y'), exact), 'full');
  });

  it('has room for what nodes write beside text that fills it, and no more of that than there can be', () => {
    const document = documentOf();
    const text = 'x'.repeat(DOCUMENT_BYTES_MAX - 40);
    assert.equal(take(document, typed(1, text)), 'applied');
    assert.equal(take(document, typed(2, 'y'.repeat(40))), 'full');
    const write = (bytes: number): boolean =>
      document.edit(bytes, 'node', (doc) => doc.getText('text').insert(0, 'z'.repeat(bytes)));
    const leftBytes = DOCUMENT_BYTES_MAX + DOCUMENT_ALERT_BYTES_MAX - document.encode().length;
    assert.equal(write(leftBytes + 1), false);
    assert.equal(write(leftBytes - 40), true);
    assert.equal(write(40), false);
  });

  it('takes deletions when it is full, and has room again then', () => {
    const document = documentOf();
    const capacity = { bytesMax: 2_100, structsMax: 100 };
    assert.equal(take(document, typed(1, 'x'.repeat(2_000)), capacity), 'applied');
    assert.equal(take(document, typed(2, 'y'.repeat(200)), capacity), 'full');
    const doc = new Y.Doc();
    Y.applyUpdate(doc, document.encode());
    const before = Y.encodeStateVector(doc);
    doc.getText('text').delete(0, 1_000);
    assert.equal(take(document, Y.encodeStateAsUpdate(doc, before), capacity), 'applied');
    assert.equal(take(document, typed(2, 'y'.repeat(200)), capacity), 'applied');
    assert.equal(textOf(document).length, 1_200);
  });

  it('measures itself before it says that it is full: what was deleted again takes next to nothing', () => {
    const document = documentOf();
    const capacity = { bytesMax: 3_000, structsMax: 100 };
    for (let round = 0; round < 10; round++) {
      assert.equal(take(document, typed(round, 'x'.repeat(2_000)), capacity), 'applied');
      document.edit(10, 'test', (doc) => doc.getText('text').delete(0, 2_000));
    }
    assert(document.encode().length < 500);
  });

  it('takes as many structs as it may hold, and none beyond', () => {
    const update = written(1, (doc) => {
      for (let at = 0; at < 10; at++) doc.getMap('map').set(`${at}`, at);
    });
    const capacity = { bytesMax: 10_000, structsMax: 10 };
    assert.equal(take(documentOf(), update, { ...capacity, structsMax: 9 }), 'full');
    const document = documentOf();
    assert.equal(take(document, update, capacity), 'applied');
    assert.equal(document.structs, 10);
    assert.equal(
      document.edit(1, 'test', (doc) => void doc.getMap('map').set('x', 1)),
      true,
      'an edit is one at a time',
    );
    assert.equal(
      take(
        document,
        written(2, (doc) => void doc.getMap('map').set('y', 1)),
        capacity,
      ),
      'full',
    );
  });

  it('goes on after whatever bytes it is given as an update or a state vector', () => {
    const update = written(5, (doc) => {
      doc.getMap('map').set('key', { a: [1, 'x', null], b: true });
      doc.getText('text').insert(0, 'some text');
      doc.getText('text').format(0, 4, { bold: true });
      doc.getText('text').delete(2, 3);
      doc.getMap('map').set('nested', new Y.Map([['a', 1]]));
      doc.getArray('list').push([1, 'two', new Uint8Array([3])]);
    });
    const document = documentOf();
    let refused = 0;
    for (const spoiled of [...truncationsOf(update), ...flipsOf(update)]) {
      if (take(document, spoiled) === 'malformed') refused++;
      document.updateFor(spoiled);
    }
    assert(refused > update.length, `${refused} refused`);
    // It is still a document that another one can be made the same as.
    const other = documentOf(2);
    assert.equal(take(other, document.encode()), 'applied');
    assert.deepEqual(other.fingerprint(), document.fingerprint());
    assert.equal(
      take(
        document,
        written(77, (doc) => doc.getText('after').insert(0, 'fine')),
      ),
      'applied',
    );
    assert.equal(
      document.read((doc) => doc.getText('after').toJSON()),
      'fine',
    );
  });

  it('tells every change once, with its origin, and none where nothing changed', () => {
    const document = documentOf();
    const told: unknown[] = [];
    const stop = document.onUpdate((_update, origin) => told.push(origin));
    const update = typed(1, 'x');
    document.take(update, 'one', EDIT_CAPACITY);
    const { revision } = document;
    document.take(update, 'two', EDIT_CAPACITY);
    assert.equal(document.revision, revision);
    document.edit(1, 'three', (doc) => doc.getText('text').insert(0, 'y'));
    stop();
    document.edit(1, 'four', (doc) => doc.getText('text').insert(0, 'z'));
    assert.deepEqual(told, ['one', 'three']);
  });
});
