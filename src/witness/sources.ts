/**
 * In which order holders are asked.
 *
 * Invariant: pure. The nearest comes first: by measured round trip, where those within a factor of two count as equally
 * far; of these, and of those not measured yet, the ones of our own region.
 */

import { compareText, type NodeId } from '../../crdt/ids.ts';

export interface SourceLink {
  readonly node: NodeId;
  readonly roundTripMs: number | undefined;
  /** The label the peer says; empty when it says none. */
  readonly region: string;
}

/** Below it all are near: a measurement on a busy machine is off by as much. */
const NEAR_MS = 2;

/** Further than any round trip. */
const UNMEASURED = 64;

export function orderSources(links: readonly SourceLink[], ownRegion: string): readonly NodeId[] {
  const isOurs = (link: SourceLink): boolean => link.region !== '' && link.region === ownRegion;
  return links
    .map((link) => ({ link, distance: distanceClass(link.roundTripMs), isOurs: isOurs(link) }))
    .sort(
      (a, b) => a.distance - b.distance || Number(b.isOurs) - Number(a.isOurs) || compareText(a.link.node, b.link.node),
    )
    .map(({ link }) => link.node);
}

function distanceClass(roundTripMs: number | undefined): number {
  if (roundTripMs === undefined) return UNMEASURED;
  return Math.ceil(Math.log2(Math.max(roundTripMs, NEAR_MS)));
}
