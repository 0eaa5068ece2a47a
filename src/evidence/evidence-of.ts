/** Which events of a node are evidence, and what is recorded of each. */

import { blockId } from '../../crdt/ids.ts';
import { errorMs, middleMs } from '../../net/clock-sync/interval.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import { consequencesOf } from '../mode/consequences.ts';
import type { NodeEvent } from '../node/events.ts';
import type { EvidenceContent } from './evidence-record.ts';

/** Undefined for an event that is none. */
export function evidenceOf(event: NodeEvent): EvidenceContent | undefined {
  switch (event.type) {
    case 'mode-changed': {
      const { type, from, to, trigger, claiming, sight } = event;
      const { actions, weaker, recovery } = consequencesOf(to, claiming);
      return {
        type,
        from,
        to,
        trigger,
        claiming,
        sight: { ...sight },
        actions: [...actions],
        weaker: [...weaker],
        recovery,
      };
    }
    case 'view-changed': {
      const { type, key, from, to, reason, lease, stateRoot } = event;
      return {
        type,
        block: blockId(key),
        from,
        to,
        reason,
        ...(lease === undefined ? {} : { epoch: lease.epoch, holder: peerIdText(lease.holder) }),
        ...(stateRoot === undefined ? {} : { stateRoot }),
      };
    }
    case 'lease-lost':
      return { type: event.type, block: blockId(event.key), epoch: event.epoch, reason: event.reason };
    case 'lease-taken-over': {
      const { type, key, from, to } = event;
      return {
        type,
        block: blockId(key),
        from: peerIdText(from.holder),
        fromEpoch: from.epoch,
        to: peerIdText(to.holder),
        epoch: to.epoch,
      };
    }
    case 'lease-deferred':
      return { type: event.type, block: blockId(event.key), holder: peerIdText(event.lease.holder) };
    case 'disputed': {
      const { kind, roots, succeeded, failed } = event.dispute;
      return {
        type: event.type,
        block: blockId(event.key),
        kind,
        roots: [...roots],
        succeeded: succeeded.map(peerIdText),
        failed: failed.map(peerIdText),
      };
    }
    case 'witness-conflict':
      return { type: event.type, block: blockId(event.key), digests: [...event.digests] };
    case 'clock-standing': {
      const { type, standing, own } = event;
      if (own === undefined) return { type, standing, clocks: 1 };
      return { type, standing, offsetMs: middleMs(own.offset), boundMs: errorMs(own.offset), clocks: own.clocks };
    }
    case 'clock-stepped':
      return { type: event.type, stepMs: event.stepMs };
    case 'converged': {
      const { rounds, ...counts } = event;
      return { ...counts, rounds: rounds.map((round) => ({ ...round, peer: peerIdText(round.peer) })) };
    }
    default:
      return undefined;
  }
}
