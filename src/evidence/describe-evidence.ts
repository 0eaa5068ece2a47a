/** What a record of evidence says, in a few words for people: all but when it was and its type. */

import { duration } from '../duration.ts';
import type { EvidenceContent } from './evidence-record.ts';

/** Long enough to tell the hash of one block from those of its rivals. */
const HASH_DIGITS = 10;

export function describeEvidence(record: EvidenceContent): string {
  switch (record.type) {
    case 'mode-changed': {
      const { reachable, members } = record.sight;
      const paused = record.claiming === 'paused' ? ', claims nothing' : '';
      return `${record.from} to ${record.to}: ${record.trigger}; ${reachable} of ${members} members in reach${paused}`;
    }
    case 'view-changed':
      return `${short(record.block)} ${record.from} to ${record.to}: ${record.reason}`;
    case 'lease-lost':
      return `${short(record.block)} epoch ${record.epoch}: ${record.reason}`;
    case 'lease-taken-over':
      return `${short(record.block)} epoch ${record.fromEpoch} of ${record.from} by epoch ${record.epoch} of ${record.to}`;
    case 'lease-deferred':
      return `${short(record.block)} by ${record.holder}, from too far ahead`;
    case 'disputed':
      return `${short(record.block)} ${record.kind}: ${record.roots.join(' ')}; ${record.succeeded.length} succeeded, ${record.failed.length} failed`;
    case 'witness-conflict':
      return `${short(record.block)} ${record.digests.join(' ')}`;
    case 'clock-standing': {
      const { offsetMs, boundMs } = record;
      if (offsetMs === undefined || boundMs === undefined) return record.standing;
      return `${record.standing}: ${offsetMs.toFixed(1)} ± ${boundMs.toFixed(1)} ms against ${record.clocks} clocks`;
    }
    case 'clock-stepped':
      return `by ${record.stepMs.toFixed(0)} ms`;
    case 'converged': {
      const { peers, roundCount, receivedRecords, sentRecords, durationMs } = record;
      return `with ${peers} members in ${roundCount} rounds and ${duration(durationMs)}: ${receivedRecords} records received, ${sentRecords} sent`;
    }
    case 'evidence-lost':
      return `${record.count} records were not written`;
  }
}

function short(block: string): string {
  const [number = '', hash = ''] = block.split('.');
  return `${number}.${hash.slice(0, HASH_DIGITS)}`;
}
