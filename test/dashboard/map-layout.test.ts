import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  mapLayout,
  NARROW_MAP,
  WIDE_MAP,
  type MapLayout,
  type MapMember,
  type Point,
} from '../../src/dashboard/page/model/map-layout.ts';
import { holds } from '../properties.ts';

function member(peerId: string, region: string, isSeen = true): MapMember {
  return { peerId, region, isSeen };
}

const members = fc.uniqueArray(
  fc.record({ peerId: fc.string(), region: fc.constantFrom('', 'eu', 'us', 'ap'), isSeen: fc.boolean() }),
  { selector: ({ peerId }) => peerId, maxLength: 60 },
);

/** Whether `point` lies within the closed path, by the crossings of a ray (Shimrat, 1962). */
function isInside(path: readonly Point[], { x, y }: Point): boolean {
  let inside = false;
  for (const [at, a] of path.entries()) {
    const b = path[(at + 1) % path.length] ?? a;
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

function placeOf(layout: MapLayout, peerId: string): Point {
  const found = layout.members.find((one) => one.peerId === peerId);
  assert.ok(found !== undefined);
  return { x: found.x, y: found.y };
}

describe('the map of the cluster', () => {
  it('places every member once, on the map, and apart from the others', () => {
    holds(
      fc.property(members, (all) => {
        for (const size of [WIDE_MAP, NARROW_MAP]) {
          const { members: placed } = mapLayout(all, 'eu', size);
          assert.equal(placed.length, all.length);
          for (const { x, y } of placed) assert.ok(x > 0 && x < size.width && y > 0 && y < size.height);
          assert.equal(new Set(placed.map(({ x, y }) => `${x.toFixed(2)} ${y.toFixed(2)}`)).size, all.length);
        }
      }),
    );
  });

  it('keeps everybody in place when somebody goes out of sight', () => {
    holds(
      fc.property(members, (all) => {
        const before = mapLayout(
          all.map((one) => ({ ...one, isSeen: true })),
          'us',
          WIDE_MAP,
        );
        const after = mapLayout(all.toReversed(), 'us', WIDE_MAP);
        for (const { peerId } of all) assert.deepEqual(placeOf(after, peerId), placeOf(before, peerId));
      }),
    );
  });

  it('puts those of one region side by side', () => {
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((peerId, at) => member(peerId, at % 2 === 0 ? 'eu' : 'us'));
    const order = mapLayout(all, 'us', WIDE_MAP).members.map(
      ({ peerId }) => all.find((one) => one.peerId === peerId)?.region,
    );
    assert.deepEqual(order, ['us', 'us', 'us', 'eu', 'eu', 'eu']);
  });

  it('draws the horizon around those in sight, and leaves the others outside', () => {
    const all = ['a', 'b', 'c', 'd', 'e'].map((peerId, at) => member(peerId, 'eu', at !== 1 && at !== 2));
    const layout = mapLayout(all, 'eu', WIDE_MAP);
    assert.ok(isInside(layout.horizon, layout.centre));
    for (const { peerId, isSeen } of all)
      assert.equal(isInside(layout.horizon, placeOf(layout, peerId)), isSeen, peerId);
  });

  it('draws no horizon where there is none', () => {
    assert.deepEqual(mapLayout([], '', WIDE_MAP).horizon, []);
    assert.deepEqual(mapLayout([member('a', 'eu'), member('b', 'us')], 'eu', WIDE_MAP).horizon, []);
  });
});
