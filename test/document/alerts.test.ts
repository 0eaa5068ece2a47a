import assert from 'node:assert/strict';
import { blockId } from '../../crdt/ids.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import { AlertBoard, ALERTS_MAX, RAISE_SPREAD_MS, surplusOf } from '../../src/document/alert-board.ts';
import { alertOf, type Alert } from '../../src/document/alert-of.ts';
import { ClusterDocument } from '../../src/document/cluster-document.ts';
import { ACKNOWLEDGEMENTS, ALERTS, readAlerts, type AlertView } from '../../src/document/shape.ts';
import type { NodeEvent } from '../../src/node/events.ts';
import { seededRandom } from '../../src/sim/seeded-random.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { hashOf, nodeOf } from '../crdt/block/arbitraries.ts';
import { KEY_OF } from '../evidence/records.ts';
import { RoomCluster, type RoomNode } from './rooms.ts';

const SELF = nodeOf(1);
const KEY = KEY_OF(7);
const SUBJECT = blockId(KEY);

const disputed: NodeEvent = {
  type: 'disputed',
  key: KEY,
  dispute: { kind: 'different-roots', roots: [hashOf(1), hashOf(2)], succeeded: [nodeOf(1), nodeOf(2)], failed: [] },
};

const ALERTS_OF: readonly (readonly [NodeEvent, Alert])[] = [
  [
    disputed,
    {
      id: `disputed/${SUBJECT}`,
      kind: 'disputed',
      subject: SUBJECT,
      text: 'validators found 2 different state roots',
    },
  ],
  [
    {
      ...disputed,
      dispute: { kind: 'success-and-failed', roots: [hashOf(1)], succeeded: [nodeOf(1)], failed: [SELF] },
    },
    {
      id: `disputed/${SUBJECT}`,
      kind: 'disputed',
      subject: SUBJECT,
      text: '1 validators succeeded and 1 failed',
    },
  ],
  [
    { type: 'witness-conflict', key: KEY, digests: ['a', 'b'] },
    {
      id: `witness-conflict/${SUBJECT}`,
      kind: 'witness-conflict',
      subject: SUBJECT,
      text: '2 different witnesses were announced',
    },
  ],
  [
    { type: 'finality-lower', final: KEY_OF(9), found: KEY },
    {
      id: `finality/${SUBJECT}`,
      kind: 'finality',
      subject: SUBJECT,
      text: 'chain.status of a node was set back from block 9',
    },
  ],
  [
    { type: 'finality-conflict', found: KEY, from: undefined },
    {
      id: `finality/${SUBJECT}`,
      kind: 'finality',
      subject: SUBJECT,
      text: 'another block of its number is final',
    },
  ],
  [
    { type: 'finality-contradicted', key: KEY },
    {
      id: `finality/${SUBJECT}`,
      kind: 'finality',
      subject: SUBJECT,
      text: 'it has a Success, and another block of its number is final',
    },
  ],
  [
    { type: 'clock-standing', standing: 'outside', own: { offset: { minMs: 799, maxMs: 803 }, clocks: 3 } },
    {
      id: `clock/${peerIdText(SELF)}`,
      kind: 'clock',
      subject: peerIdText(SELF),
      text: 'the clock is 801 ± 2 ms off',
    },
  ],
];

class Board {
  readonly clock = new VirtualClock();
  readonly document = new ClusterDocument('test', seededRandom(1));
  readonly board = new AlertBoard({ document: this.document, clock: this.clock, random: seededRandom(2), self: SELF });

  get alerts(): readonly AlertView[] {
    return this.document.read(readAlerts);
  }

  acknowledge(id: string): void {
    this.document.edit(100, 'test', (doc) => doc.getMap(ACKNOWLEDGEMENTS).set(id, { by: 'ada', atMs: 1, note: '' }));
  }
}

function alertNumber(at: number): Alert {
  return { id: `disputed/${at}`, kind: 'disputed', subject: `${at}`, text: 'x' };
}

function viewOf(id: string, raisedAtMs: number, isDone: boolean): AlertView {
  const acknowledgement = isDone ? { by: '', atMs: 0, note: '' } : null;
  return { id, kind: 'x', subject: '', text: '', raisedBy: '', raisedAtMs, acknowledgement };
}

describe('the alerts of a node', () => {
  for (const [event, alert] of ALERTS_OF) {
    it(`say of ${event.type}: ${alert.text}`, () => assert.deepEqual(alertOf(event, SELF), alert));
  }

  it('are not raised for what needs nobody', () => {
    assert.equal(alertOf({ type: 'clock-standing', standing: 'within', own: undefined }, SELF), undefined);
    assert.equal(alertOf({ type: 'scrubbed', files: 1 }, SELF), undefined);
  });

  it('wait until the others are in reach, and stand there within RAISE_SPREAD_MS then', async () => {
    const room = new Board();
    const startedAtMs = room.clock.wallMs();
    room.board.note(alertNumber(1));
    await room.clock.advance(60_000);
    assert.deepEqual(room.alerts, []);
    room.board.start();
    await room.clock.advance(RAISE_SPREAD_MS);
    const { id: _id, ...alert } = alertNumber(1);
    const raisedAtMs = Math.floor(startedAtMs);
    const raisedBy = peerIdText(SELF);
    assert.deepEqual(room.alerts, [{ id: 'disputed/1', ...alert, raisedAtMs, raisedBy, acknowledgement: null }]);
  });

  it('are written at a stop, and none after it', () => {
    const { board, document } = new Board();
    board.note(alertNumber(1));
    board.stop();
    board.note(alertNumber(2));
    assert.deepEqual(
      document.read(readAlerts).map(({ id }) => id),
      ['disputed/1'],
    );
  });

  it('are one however often and by however many nodes they are raised, and stay acknowledged', async () => {
    const cluster = new RoomCluster(4);
    await cluster.start();
    await cluster.clock.advance(5_000);
    const raise = (): void => cluster.all.forEach(({ room }: RoomNode) => room.note(disputed));
    raise();
    await cluster.until(() => cluster.all.every(({ room }) => room.status().alerts === 1), 5_000);
    await cluster.until(() => cluster.agrees(), 5_000);
    const [first] = cluster.all;
    assert(first);
    assert.deepEqual(first.room.status(), { ...first.room.status(), alerts: 1, unacknowledged: 1 });
    const id = `disputed/${SUBJECT}`;
    first.room.document.edit(100, 'a browser', (doc) =>
      doc.getMap(ACKNOWLEDGEMENTS).set(id, { by: 'ada', atMs: 1, note: 'known' }),
    );
    raise();
    await cluster.clock.advance(10_000);
    for (const { room } of cluster.all) assert.equal(room.status().unacknowledged, 0);
    await cluster.stop();
  });

  it('are ALERTS_MAX at most: the oldest acknowledged one makes room, and without one the new one is counted', async () => {
    const desk = new Board();
    desk.board.start();
    desk.document.edit(1, 'test', (doc) => {
      for (let at = 0; at < ALERTS_MAX - 1; at++) {
        const { id: _id, ...alert } = alertNumber(at);
        doc.getMap(ALERTS).set(`disputed/${at}`, { ...alert, raisedAtMs: 1_000 + at, raisedBy: 'x' });
      }
    });
    const raise = async (at: number): Promise<void> => {
      desk.board.note(alertNumber(at));
      await desk.clock.advance(RAISE_SPREAD_MS);
    };
    await raise(ALERTS_MAX);
    assert.equal(desk.alerts.length, ALERTS_MAX);
    await raise(ALERTS_MAX + 1);
    assert.equal(desk.alerts.length, ALERTS_MAX);
    assert.equal(desk.board.dropped, 1);
    desk.acknowledge('disputed/7');
    desk.acknowledge('disputed/5');
    await raise(ALERTS_MAX + 2);
    const ids = new Set(desk.alerts.map(({ id }) => id));
    assert.deepEqual([ids.size, ids.has('disputed/5'), ids.has('disputed/7')], [ALERTS_MAX, false, true]);
    assert(ids.has(`disputed/${ALERTS_MAX + 2}`));
    assert.equal(
      desk.document.read((doc) => doc.getMap(ACKNOWLEDGEMENTS).has('disputed/5')),
      false,
    );
    assert.equal(desk.board.dropped, 1);
  });

  it('find room among entries that are none, however many of them somebody wrote', async () => {
    const desk = new Board();
    desk.board.start();
    desk.document.edit(1, 'test', (doc) => {
      for (let at = 0; at < ALERTS_MAX; at++) doc.getMap(ALERTS).set(`junk/${at}`, at);
    });
    desk.board.note(alertNumber(1));
    await desk.clock.advance(RAISE_SPREAD_MS);
    assert.deepEqual(
      desk.alerts.map(({ id }) => id),
      ['disputed/1'],
    );
    assert.equal(desk.board.dropped, 0);
  });

  it('that wait are ALERTS_MAX at most', () => {
    const desk = new Board();
    for (let at = 0; at <= ALERTS_MAX; at++) desk.board.note(alertNumber(at));
    assert.equal(desk.board.dropped, 1);
    desk.board.stop();
    assert.equal(desk.alerts.length, ALERTS_MAX);
  });

  it('are pruned oldest first, and not at all when fewer than asked for are acknowledged', () => {
    const alerts = [viewOf('new', 3, true), viewOf('open', 0, false), viewOf('old', 1, true)];
    assert.deepEqual(surplusOf(alerts, [], 1), ['old']);
    assert.deepEqual(surplusOf(alerts, [], 2), ['old', 'new']);
    assert.equal(surplusOf(alerts, [], 3), undefined);
    assert.deepEqual(surplusOf(alerts, ['junk'], 2), ['junk', 'old'], 'what nobody can read goes first');
  });
});
