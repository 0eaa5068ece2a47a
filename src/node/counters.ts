/** Counts a node's events for its status. */

import type { NodeEvent } from './events.ts';
import type { NodeCounters } from './status.ts';

export class EventCounters {
  #counts: { -readonly [Name in keyof NodeCounters]: NodeCounters[Name] } = {
    claims: 0,
    leasesLost: 0,
    leasesDeferred: 0,
    validations: 0,
    foreignWrites: 0,
    gossipAccepted: 0,
    gossipIgnored: 0,
    gossipRejected: 0,
    reconciliations: 0,
    reconciliationsFailed: 0,
    reconcileBytes: 0,
    witnessesFetched: 0,
    witnessFetchesFailed: 0,
    filesQuarantined: 0,
    blocksArchived: 0,
    blocksSettled: 0,
    blocksPruned: 0,
    finalityAlerts: 0,
  };

  note(event: NodeEvent): void {
    const counts = this.#counts;
    switch (event.type) {
      case 'claimed':
        counts.claims++;
        return;
      case 'lease-lost':
        counts.leasesLost++;
        return;
      case 'lease-deferred':
        counts.leasesDeferred++;
        return;
      case 'validated':
        counts.validations++;
        return;
      case 'foreign-write':
        counts.foreignWrites++;
        return;
      case 'gossip-received':
        if (event.verdict === 'accept') counts.gossipAccepted++;
        else if (event.verdict === 'ignore') counts.gossipIgnored++;
        else counts.gossipRejected++;
        return;
      case 'reconciled':
        counts.reconciliations++;
        counts.reconcileBytes += event.stats.sentBytes + event.stats.receivedBytes;
        return;
      case 'reconcile-failed':
        counts.reconciliationsFailed++;
        return;
      case 'witness-fetched':
        counts.witnessesFetched++;
        return;
      case 'witness-fetch-failed':
        counts.witnessFetchesFailed++;
        return;
      case 'file-quarantined':
        counts.filesQuarantined++;
        return;
      case 'upkeep':
        counts.blocksArchived += event.archived;
        counts.blocksSettled += event.settled;
        counts.blocksPruned += event.pruned;
        return;
      case 'finality-lower':
      case 'finality-conflict':
      case 'finality-contradicted':
        counts.finalityAlerts++;
        return;
      default:
        return;
    }
  }

  read(): NodeCounters {
    return { ...this.#counts };
  }
}
