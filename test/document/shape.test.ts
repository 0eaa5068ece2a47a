import assert from 'node:assert/strict';
import * as Y from 'yjs';
import {
  ACKNOWLEDGEMENTS,
  ALERTS,
  INCIDENTS,
  MEMBERS,
  NAME_CHARACTERS_MAX,
  NOTE_INDEX,
  noteName,
  readDocument,
  TEXT_CHARACTERS_MAX,
  TITLE_CHARACTERS_MAX,
} from '../../src/document/shape.ts';

const PEER_ID = '12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo';
const BLOCK = `block/7.0x${'a1'.repeat(32)}`;
const MEMBER = { label: 'north', region: 'eu-1' };
const ALERT = { kind: 'disputed', subject: 'x', text: 'y', raisedAtMs: 5, raisedBy: PEER_ID };
const ACKNOWLEDGEMENT = { by: 'ada', atMs: 6, note: '' };
const INCIDENT = { title: 'two roots', openedAtMs: 7, openedBy: 'ada', closedAtMs: null };

/** What is read of a document in which each entry stands in its map under its key. */
function read(
  entries: readonly (readonly [map: string, key: string, value: unknown])[],
): ReturnType<typeof readDocument> {
  const doc = new Y.Doc();
  for (const [map, key, value] of entries) doc.getMap(map).set(key, value);
  return readDocument(doc);
}

describe('what is read of the cluster document', () => {
  it('is its members, alerts with their acknowledgements, incidents and notes, in a fixed order', () => {
    const doc = new Y.Doc();
    doc.getMap(MEMBERS).set(PEER_ID, MEMBER);
    doc.getMap(ALERTS).set('a', ALERT);
    doc.getMap(ALERTS).set('later', { ...ALERT, raisedAtMs: 9 });
    doc.getMap(ALERTS).set('b', ALERT);
    doc.getMap(ACKNOWLEDGEMENTS).set('a', ACKNOWLEDGEMENT);
    doc.getMap(ACKNOWLEDGEMENTS).set('nothing', ACKNOWLEDGEMENT);
    doc.getMap(INCIDENTS).set('1f', INCIDENT);
    doc.getMap(NOTE_INDEX).set('incident/1f', { atMs: 8 });
    doc.getMap(NOTE_INDEX).set(BLOCK, { atMs: 9 });
    doc.getText(noteName('incident/1f')).insert(0, 'It began at noon.');
    assert.deepEqual(readDocument(doc), {
      members: [{ peerId: PEER_ID, ...MEMBER }],
      alerts: [
        { id: 'later', ...ALERT, raisedAtMs: 9, acknowledgement: null },
        { id: 'a', ...ALERT, acknowledgement: ACKNOWLEDGEMENT },
        { id: 'b', ...ALERT, acknowledgement: null },
      ],
      incidents: [{ id: '1f', ...INCIDENT }],
      notes: [
        { key: BLOCK, atMs: 9, text: '' },
        { key: 'incident/1f', atMs: 8, text: 'It began at noon.' },
      ],
    });
    assert(!doc.share.has(noteName(BLOCK)), 'to read a note makes none');
  });

  it('is nothing of an entry of another shape, or under a key that is none', () => {
    const nothing = { members: [], alerts: [], incidents: [], notes: [] };
    assert.deepEqual(
      read([
        [MEMBERS, 'me', MEMBER],
        [MEMBERS, PEER_ID, { label: 'x' }],
        [ALERTS, '', ALERT],
        [ALERTS, 'x'.repeat(257), ALERT],
        [ALERTS, 'a', 'text'],
        [ALERTS, 'b', null],
        [ALERTS, 'c', [ALERT]],
        [ALERTS, 'd', { ...ALERT, raisedAtMs: '5' }],
        [ALERTS, 'e', new Y.Map(Object.entries(ALERT))],
        [ALERTS, 'f', { ...ALERT, raisedAtMs: -1 }],
        [INCIDENTS, 'XYZ', INCIDENT],
        [INCIDENTS, '1f', { ...INCIDENT, closedAtMs: undefined }],
        [NOTE_INDEX, 'incident/', { atMs: 1 }],
        [NOTE_INDEX, 'incident/1f/2', { atMs: 1 }],
        [NOTE_INDEX, 'block/7', { atMs: 1 }],
        [NOTE_INDEX, 'other/1f', { atMs: 1 }],
        [NOTE_INDEX, BLOCK, 1],
      ]),
      nothing,
    );
    assert.equal(
      read([
        [ALERTS, 'a', ALERT],
        [ACKNOWLEDGEMENTS, 'a', { by: 3 }],
      ]).alerts[0]?.acknowledgement,
      null,
    );
  });

  it('is texts up to their limits, and none a character longer', () => {
    const cases = [
      ['members', MEMBERS, PEER_ID, (n: number) => ({ ...MEMBER, label: 'x'.repeat(n) }), NAME_CHARACTERS_MAX],
      ['alerts', ALERTS, 'a', (n: number) => ({ ...ALERT, subject: 'x'.repeat(n) }), TITLE_CHARACTERS_MAX],
      ['alerts', ALERTS, 'a', (n: number) => ({ ...ALERT, text: 'x'.repeat(n) }), TEXT_CHARACTERS_MAX],
      ['incidents', INCIDENTS, '1f', (n: number) => ({ ...INCIDENT, title: 'x'.repeat(n) }), TITLE_CHARACTERS_MAX],
    ] as const;
    for (const [part, map, key, entry, max] of cases) {
      assert.equal(read([[map, key, entry(max)]])[part].length, 1);
      assert.equal(read([[map, key, entry(max + 1)]])[part].length, 0);
    }
  });

  it('survives maps that are used as other types', () => {
    const doc = new Y.Doc();
    doc.getText(ALERTS).insert(0, 'not a map');
    doc.getArray(MEMBERS).push([1]);
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
    assert.deepEqual(readDocument(copy).alerts, []);
  });
});
