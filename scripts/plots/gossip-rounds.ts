/**
 * How many nodes a message has reached after each round of gossip: a model, and no run of gossipsub.
 *
 * Model: every node is linked at random until it has `MESH_DEGREE` links or more, gossipsub's D; in each round everyone who got the
 * message in the round before passes it on along all of these. No loss, and all links take one round.
 */

import type { RandomInteger } from '../../net/clock.ts';

/** D of gossipsub, between D_lo 6 and D_hi 12, as nodes of driftlock run it. */
export const MESH_DEGREE = 8;

/** The share reached after 0, 1, 2, … rounds, until nobody new is reached. */
export function coverageByRound(nodes: number, random: RandomInteger): number[] {
  const links = randomMesh(nodes, random);
  const reached = new Set([0]);
  let latest = [0];
  const coverage = [1 / nodes];
  while (latest.length > 0) {
    const next = new Set(latest.flatMap((node) => [...(links[node] ?? [])]).filter((node) => !reached.has(node)));
    for (const node of next) reached.add(node);
    latest = [...next];
    if (latest.length > 0) coverage.push(reached.size / nodes);
  }
  return coverage;
}

/** Rounds until everyone is reached; undefined when some are not. */
export function roundsToAll(coverage: readonly number[]): number | undefined {
  return coverage.at(-1) === 1 ? coverage.length - 1 : undefined;
}

function randomMesh(nodes: number, random: RandomInteger): Set<number>[] {
  const links = Array.from({ length: nodes }, () => new Set<number>());
  const degree = Math.min(MESH_DEGREE, nodes - 1);
  for (const [node, own] of links.entries()) {
    while (own.size < degree) {
      const other = random(nodes);
      if (other === node) continue;
      own.add(other);
      links[other]?.add(node);
    }
  }
  return links;
}
