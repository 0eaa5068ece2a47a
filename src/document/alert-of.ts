/**
 * Which events of a node people are to be told of.
 *
 * Invariant: nodes that see the same thing make the same id of it, so that it is one alert however many raise it.
 */

import { blockId, type NodeId } from '../../crdt/ids.ts';
import { errorMs, middleMs } from '../../net/clock-sync/interval.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import type { NodeEvent } from '../node/events.ts';

export interface Alert {
  readonly id: string;
  /** What the id begins with. */
  readonly kind: string;
  /** The block or the node that it is about. */
  readonly subject: string;
  readonly text: string;
}

/** Undefined for an event that is none. `self`: the node that saw it. */
export function alertOf(event: NodeEvent, self: NodeId): Alert | undefined {
  switch (event.type) {
    case 'disputed': {
      const { kind, roots, succeeded, failed } = event.dispute;
      const text =
        kind === 'different-roots'
          ? `validators found ${roots.length} different state roots`
          : `${succeeded.length} validators succeeded and ${failed.length} failed`;
      return blockAlert('disputed', blockId(event.key), text);
    }
    case 'witness-conflict': {
      const text = `${event.digests.length} different witnesses were announced`;
      return blockAlert('witness-conflict', blockId(event.key), text);
    }
    case 'finality-lower': {
      const text = `chain.status of a node was set back from block ${event.final.number}`;
      return blockAlert('finality', blockId(event.found), text);
    }
    case 'finality-conflict':
      return blockAlert('finality', blockId(event.found), 'another block of its number is final');
    case 'finality-contradicted':
      return blockAlert('finality', blockId(event.key), 'it has a Success, and another block of its number is final');
    case 'clock-standing': {
      if (event.standing !== 'outside') return undefined;
      const subject = peerIdText(self);
      const by =
        event.own && `${Math.round(middleMs(event.own.offset))} ± ${Math.round(errorMs(event.own.offset))} ms off`;
      return { id: `clock/${subject}`, kind: 'clock', subject, text: `the clock is ${by ?? 'outside the skew bound'}` };
    }
    default:
      return undefined;
  }
}

function blockAlert(kind: string, subject: string, text: string): Alert {
  return { id: `${kind}/${subject}`, kind, subject, text };
}
