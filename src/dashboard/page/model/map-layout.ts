/**
 * Where members are drawn: this node in the middle, the others around it, those of one region side by side.
 *
 * Invariant: a member's place depends on who the members are and where they say they stand, never on whether they are in
 * reach, so a partition moves nobody: it moves the horizon, the line around what this node can see.
 */

export interface MapSize {
  readonly width: number;
  readonly height: number;
  /** Between the ellipse that the others stand on and the edge: names and regions stand there. */
  readonly margin: Point;
  /** Radians: where the first region stands. Two that face each other should do so along the longer side. */
  readonly first: number;
}

/** Beside the members' table on a desk, and on a phone. */
export const WIDE_MAP: MapSize = { width: 640, height: 340, margin: { x: 112, y: 78 }, first: Math.PI };
export const NARROW_MAP: MapSize = { width: 350, height: 380, margin: { x: 86, y: 78 }, first: -Math.PI / 2 };
/** From a member outward to the name of its region: beside the member, or beyond its own name. */
const REGION_DISTANCE = { x: 24, y: 66 };
/** Radians between two regions. */
const REGION_GAP = 0.28;
/** In parts of the ellipse: outside a member in sight, and inside one that is not. */
const HORIZON_SEEN = 1.2;
const HORIZON_UNSEEN = 0.52;
const HORIZON_POINTS = 96;
/** Of those on either side, that each point of the horizon is the mean of. */
const HORIZON_SMOOTHING = 4;
/** More members than this are drawn without their names. */
export const NAMED_MEMBERS_MAX = 20;

export interface MapMember {
  readonly peerId: string;
  /** Empty: it did not say. */
  readonly region: string;
  readonly isSeen: boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedMember extends Point {
  readonly peerId: string;
  readonly angle: number;
  readonly isSeen: boolean;
}

export interface PlacedRegion extends Point {
  readonly name: string;
  /** Where of its name the point is. */
  readonly anchor: 'start' | 'middle' | 'end';
  readonly members: number;
  readonly unseen: number;
}

export interface MapLayout {
  readonly centre: Point;
  readonly members: readonly PlacedMember[];
  readonly regions: readonly PlacedRegion[];
  /** A closed path; empty while everyone is in sight, or there is nobody. */
  readonly horizon: readonly Point[];
}

/** `ownRegion` comes first; the rest by name, clockwise. */
export function mapLayout(members: readonly MapMember[], ownRegion: string, size: MapSize): MapLayout {
  const byRegion = Map.groupBy(members.toSorted(byId), ({ region }) => region);
  const names = [...byRegion.keys()].sort(
    (a, b) => Number(b === ownRegion) - Number(a === ownRegion) || (a < b ? -1 : 1),
  );
  const gap = names.length > 1 ? REGION_GAP : 0;
  const step = members.length === 0 ? 0 : (2 * Math.PI - gap * names.length) / members.length;
  const placed: PlacedMember[] = [];
  const regions: PlacedRegion[] = [];
  const firstCount = byRegion.get(names[0] ?? '')?.length ?? 0;
  let angle = size.first - (step * firstCount) / 2;
  for (const name of names) {
    const here = byRegion.get(name) ?? [];
    const start = angle;
    for (const { peerId, isSeen } of here) {
      const middle = angle + step / 2;
      placed.push({ peerId, isSeen, angle: middle, ...onEllipse(size, middle, 1) });
      angle += step;
    }
    const unseen = here.filter(({ isSeen }) => !isSeen).length;
    regions.push({ name, members: here.length, unseen, ...outside(size, (start + angle) / 2) });
    angle += gap;
  }
  return { centre: onEllipse(size, 0, 0), members: placed, regions, horizon: horizonAround(placed, size) };
}

/** A point in parts of the ellipse from the middle. */
function onEllipse({ width, height, margin }: MapSize, angle: number, parts: number): Point {
  return {
    x: width / 2 + Math.cos(angle) * (width / 2 - margin.x) * parts,
    y: height / 2 + Math.sin(angle) * (height / 2 - margin.y) * parts,
  };
}

/** Where the name of a region stands whose middle lies at `angle`. */
function outside(size: MapSize, angle: number): Point & Pick<PlacedRegion, 'anchor'> {
  const { x, y } = onEllipse(size, angle, 1);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  if (Math.abs(cos) < Math.abs(sin)) return { x, y: y + Math.sign(sin) * REGION_DISTANCE.y, anchor: 'middle' };
  return { x: x + Math.sign(cos) * REGION_DISTANCE.x, y, anchor: cos > 0 ? 'start' : 'end' };
}

function horizonAround(members: readonly PlacedMember[], size: MapSize): Point[] {
  if (members.every(({ isSeen }) => isSeen)) return [];
  const reach = Array.from({ length: HORIZON_POINTS }, (_, at) => {
    const angle = (at / HORIZON_POINTS) * 2 * Math.PI;
    return nearest(members, angle)?.isSeen === false ? HORIZON_UNSEEN : HORIZON_SEEN;
  });
  return reach.map((_, at) => {
    let sum = 0;
    for (let by = -HORIZON_SMOOTHING; by <= HORIZON_SMOOTHING; by++) sum += reach.at((at + by) % HORIZON_POINTS) ?? 0;
    return onEllipse(size, (at / HORIZON_POINTS) * 2 * Math.PI, sum / (2 * HORIZON_SMOOTHING + 1));
  });
}

function nearest(members: readonly PlacedMember[], angle: number): PlacedMember | undefined {
  let best: PlacedMember | undefined;
  for (const member of members) {
    if (best === undefined || apart(member.angle, angle) < apart(best.angle, angle)) best = member;
  }
  return best;
}

/** Radians between two directions, 0 to π. */
function apart(a: number, b: number): number {
  return Math.abs(Math.atan2(Math.sin(a - b), Math.cos(a - b)));
}

function byId(a: MapMember, b: MapMember): number {
  return a.peerId < b.peerId ? -1 : 1;
}
