/**
 * How events are logged: a level, a stable name and fields.
 *
 * Invariant: the name of an event never changes between versions, since people and programs search for it.
 */

import { textOf } from '../../crdt/errors.ts';
import { blockId, type NodeId } from '../../crdt/ids.ts';
import { errorMs, middleMs } from '../../net/clock-sync/interval.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import type { OwnOffset } from '../clock/clock-keeper.ts';
import type { NodeEvent } from './events.ts';

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
}

export function describeEvent(event: NodeEvent): LogEntry {
  switch (event.type) {
    case 'loading': {
      const { done, total, perSecond, leftMs } = event.progress;
      const filesPerSecond = Math.round(perSecond);
      return { level: 'info', fields: { done, total, filesPerSecond, leftMs: leftMs && Math.round(leftMs) } };
    }
    case 'loaded':
      return {
        level: 'info',
        fields: { blocks: event.blocks, fromIndex: event.fromIndex, witnesses: event.witnesses },
      };
    case 'claimed':
      return { level: 'debug', fields: { block: blockId(event.key), epoch: event.epoch, reason: event.reason } };
    case 'lease-lost':
      return { level: 'info', fields: { block: blockId(event.key), epoch: event.epoch, reason: event.reason } };
    case 'view-changed': {
      const { from, to, reason } = event;
      return { level: 'debug', fields: { block: blockId(event.key), from, to, reason } };
    }
    case 'lease-taken-over': {
      const { key, from, to } = event;
      const fields = { block: blockId(key), from: peerIdText(from.holder), to: peerIdText(to.holder), epoch: to.epoch };
      return { level: 'info', fields };
    }
    case 'lease-deferred':
      return { level: 'warn', fields: { block: blockId(event.key), author: peerIdText(event.lease.holder) } };
    case 'clock-standing': {
      const fields = { standing: event.standing, ...offsetFields(event.own) };
      return { level: event.standing === 'outside' ? 'error' : 'info', fields };
    }
    case 'mode-changed': {
      const { from, to, trigger, claiming, sight } = event;
      return { level: to === 'degraded' ? 'warn' : 'info', fields: { from, to, trigger, claiming, ...sight } };
    }
    case 'converged': {
      const { roundCount, peers, sentRecords, receivedRecords, durationMs } = event;
      const fields = { rounds: roundCount, peers, sentRecords, receivedRecords, durationMs: Math.round(durationMs) };
      return { level: 'info', fields };
    }
    case 'clock-stepped':
      return { level: 'warn', fields: { stepMs: Math.round(event.stepMs) } };
    case 'peer-clock-changed':
      return { level: 'info', fields: { peer: peerIdText(event.peer), reason: event.reason } };
    case 'clock-exchange-failed':
      return { level: 'debug', fields: { peer: peerIdText(event.peer), reason: event.reason } };
    case 'validated':
      return describeOutcome(event);
    case 'block-finished':
      return { level: 'debug', fields: { block: blockId(event.key), by: peerIdText(event.by) } };
    case 'disputed':
      return {
        level: 'error',
        fields: { block: blockId(event.key), kind: event.dispute.kind, roots: event.dispute.roots },
      };
    case 'witness-conflict':
      return { level: 'error', fields: { block: blockId(event.key), digests: event.digests } };
    case 'foreign-write':
      return { level: 'debug', fields: { block: blockId(event.key), event: event.event } };
    case 'finality-raised':
      return { level: 'info', fields: { final: blockId(event.final), from: sourceText(event.from) } };
    case 'finality-lower':
      return { level: 'error', fields: { final: blockId(event.final), found: blockId(event.found) } };
    case 'finality-conflict':
      return { level: 'error', fields: { found: blockId(event.found), from: sourceText(event.from) } };
    case 'finality-contradicted':
      return { level: 'error', fields: { block: blockId(event.key) } };
    case 'file-unreadable':
      return { level: 'error', fields: { file: event.file, reason: textOf(event.error) } };
    case 'upkeep':
      return { level: 'info', fields: { archived: event.archived, settled: event.settled, pruned: event.pruned } };
    case 'scrubbed':
      return { level: 'info', fields: { files: event.files } };
    case 'scrub-failed': {
      const block = event.key === undefined ? {} : { block: blockId(event.key) };
      return { level: 'error', fields: { ...block, reason: textOf(event.error) } };
    }
    case 'upkeep-failed':
      return { level: 'error', fields: { reason: textOf(event.error) } };
    case 'file-quarantined':
      return { level: 'error', fields: { file: event.file, code: event.error.code, reason: event.error.message } };
    case 'write-failed':
      return { level: 'error', fields: { file: event.file, reason: textOf(event.error) } };
    case 'journal-replayed':
      return { level: 'info', fields: { files: event.files, entries: event.entries, tornBytes: event.tornBytes } };
    case 'journal-damaged':
      return { level: 'error', fields: { file: event.file, offset: event.offset, sizeBytes: event.sizeBytes } };
    case 'journal-entry-refused':
      return { level: 'error', fields: { block: blockId(event.key) } };
    case 'scan-failed':
      return { level: 'error', fields: { directory: event.directory, reason: textOf(event.error) } };
    case 'gossip-received': {
      const blamed = event.blamed === undefined ? null : peerIdText(event.blamed);
      const fields = { relayedBy: peerIdText(event.relayedBy), verdict: event.verdict, reason: event.reason, blamed };
      return { level: event.verdict === 'reject' ? 'warn' : 'debug', fields };
    }
    case 'gossip-send-failed':
      return { level: 'warn', fields: { reason: event.reason } };
    case 'document-exchanged': {
      const { initiated, sentBytes, receivedBytes } = event;
      return { level: 'debug', fields: { peer: peerIdText(event.peer), initiated, sentBytes, receivedBytes } };
    }
    case 'document-exchange-failed':
      return { level: 'debug', fields: { peer: peerIdText(event.peer), reason: event.reason } };
    case 'document-refused':
      return { level: 'warn', fields: { from: peerIdText(event.from), reason: event.reason } };
    case 'reconciled':
      return { level: 'debug', fields: { peer: peerIdText(event.peer), initiated: event.initiated, ...event.stats } };
    case 'reconcile-failed':
      return { level: 'warn', fields: { peer: peerIdText(event.peer), reason: event.reason } };
    case 'witness-fetched':
      return {
        level: 'debug',
        fields: { block: blockId(event.key), bytes: event.payloadBytes },
      };
    case 'witness-source-blamed':
      return {
        level: 'warn',
        fields: { block: blockId(event.key), holder: peerIdText(event.holder), reason: event.reason },
      };
    case 'witness-announcement-blamed':
      return {
        level: 'warn',
        fields: { block: blockId(event.key), author: peerIdText(event.author), reason: event.reason },
      };
    case 'witness-write-failed':
      return { level: 'error', fields: { block: blockId(event.key), reason: event.reason } };
    case 'holder-challenged': {
      const { outcome } = event.verdict;
      const reason = outcome === 'passed' ? null : event.verdict.reason;
      const fields = { holder: peerIdText(event.holder), payload: event.payloadDigest, outcome, reason };
      return { level: outcome === 'failed' ? 'warn' : 'debug', fields };
    }
    case 'contracts-repaired':
      return { level: 'error', fields: { file: event.file, lines: event.lines } };
    case 'contracts-fetched':
      return { level: 'debug', fields: { from: peerIdText(event.from), count: event.count } };
    case 'contracts-failed': {
      const from = event.from === undefined ? null : peerIdText(event.from);
      return { level: 'warn', fields: { from, reason: event.reason } };
    }
    case 'witness-dropped':
      return { level: 'info', fields: { block: blockId(event.key) } };
    case 'witness-fetch-failed':
      return {
        level: 'info',
        fields: { block: blockId(event.key), from: peerIdText(event.from), reason: event.reason },
      };
  }
}

function describeOutcome({ key, epoch, outcome }: Extract<NodeEvent, { type: 'validated' }>): LogEntry {
  const fields = { block: blockId(key), epoch, outcome: outcome.kind };
  switch (outcome.kind) {
    case 'success':
      return { level: 'info', fields: { ...fields, stateRoot: outcome.stateRoot } };
    case 'failed':
      return { level: 'warn', fields: { ...fields, reason: outcome.reason } };
    case 'error':
      return { level: 'warn', fields: { ...fields, reason: outcome.reason } };
  }
}

function offsetFields(own: OwnOffset | undefined): Readonly<Record<string, number>> {
  if (own === undefined) return { clocks: 1 };
  return { offsetMs: rounded(middleMs(own.offset)), boundMs: rounded(errorMs(own.offset)), clocks: own.clocks };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function sourceText(from: NodeId | undefined): string {
  return from === undefined ? 'chain.status' : peerIdText(from);
}
