/**
 * The decisions on which the promises rest, as arguments of the node: how records merge, when a lease has run out for an
 * observer, under which epoch a block is claimed, from when on an answer about a block counts.
 *
 * Invariant: production uses `NODE_RULES`. Others exist in the simulator alone, as defects put in on purpose, to show
 * that its checks would notice them (`sim/canaries/`).
 */

import { mergeRecords } from '../../crdt/block/record.ts';
import type { BlockView } from '../../crdt/block/view.ts';
import { confirmedAtAsking, type ConfirmedAt } from '../freshness/confirmations.ts';
import { SIGHTING_RULES, type SightingRules } from '../lease/sightings.ts';

export interface NodeRules {
  readonly mergeRecords: typeof mergeRecords;
  readonly sighting: SightingRules;
  readonly claimEpoch: (view: BlockView) => number;
  readonly confirmedAt: ConfirmedAt;
}

export const NODE_RULES: NodeRules = {
  mergeRecords,
  sighting: SIGHTING_RULES,
  claimEpoch: (view) => view.nextEpoch,
  confirmedAt: confirmedAtAsking,
};
