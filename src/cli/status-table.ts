/** A node's status for people. */

import type { StatusAnswer } from '../rpc/status-schema.ts';
import { duration } from '../duration.ts';
import { styled } from './terminal.ts';

/** Lines for `stream`. */
export function statusLines(status: StatusAnswer, stream: NodeJS.WriteStream): readonly string[] {
  const { blocks, witnesses, files, validator, counters } = status;
  const disputed = blocks.disputed === 0 ? '0 disputed' : styled(stream, 'red', `${blocks.disputed} disputed`);
  const executes = validator.executes || validator.name === 'none' ? '' : ' (executes nothing)';
  const rows: [name: string, value: string][] = [
    ['node', status.peerId],
    ['cluster', `${status.cluster}, driftlock ${status.version}, up ${duration(status.uptimeMs)}`],
    ['mode', modeText(status, stream)],
    ['datadir', status.datadir],
    ['addresses', status.addresses.join(' ') || 'none'],
    ['validator', `${validator.name}${executes}: ${validator.inFlight} at work, ${validator.ready} waiting`],
    ['clock', clockText(status, stream)],
    ['rank step', `${status.clock.rankStepMs} ms, ${status.clock.rankStepFrom}`],
    ['digest', status.digest],
    [
      'blocks',
      `${blocks.total}: ${blocks.success} success, ${blocks.failed} failed, ${blocks.processing} processing, ${blocks.idle} idle; ${disputed}`,
    ],
    ['results', `${blocks.results}, of which ${blocks.duplicates} duplicates`],
    ['witnesses', `${witnesses.held} held, ${witnesses.fetching} being fetched${outOfReachText(witnesses.outOfReach)}`],
    ['files', `${files.pending} to be written${files.lastError === null ? '' : `; last error: ${files.lastError}`}`],
    ...alertRow(status.document, stream),
    ...keepingRows(status.keeping),
    ...loadRow(status.loading),
    ...catchUpRow(status.catchUp),
    [
      'counters',
      Object.entries(counters)
        .filter(([, value]) => value > 0)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ') || 'all 0',
    ],
  ];
  const lines = rows.map(([name, value]) => `${styled(stream, 'bold', name.padEnd(9))}  ${value}`);
  return [...lines, '', ...peerLines(status, stream)];
}

/** `degraded for 12.3 s: too-few-reachable; claims nothing (degraded)`. */
export function modeText(status: StatusAnswer, stream: NodeJS.WriteStream): string {
  const { mode, modeHeldMs, modeTrigger, claimHold } = status;
  const name = styled(stream, mode === 'normal' ? 'green' : 'yellow', mode);
  const since = modeHeldMs === undefined ? '' : ` for ${duration(modeHeldMs)}`;
  const why = modeTrigger === undefined ? '' : `: ${modeTrigger}`;
  const held = claimHold === undefined || claimHold === null ? '' : `; claims nothing: ${claimHold}`;
  return `${name}${since}${why}${held}`;
}

function outOfReachText(outOfReach: number | undefined): string {
  return outOfReach === undefined || outOfReach === 0 ? '' : `, ${outOfReach} held by nobody in reach`;
}

function keepingRows(keeping: StatusAnswer['keeping']): [name: string, value: string][] {
  if (keeping === undefined) return [];
  const { lowestKept, final, scrubRounds, scrubPassed } = keeping;
  const finalText = final === null ? 'not known' : `block ${final.block}, ${final.hash}`;
  const now = scrubPassed === null ? '' : `, ${scrubPassed} blocks into the next`;
  return [
    ['final', finalText],
    ['keeps', lowestKept === 0 ? 'all blocks' : `blocks from ${lowestKept} on`],
    ['scrub', `${scrubRounds} rounds${now}`],
  ];
}

function alertRow(document: StatusAnswer['document'], stream: NodeJS.WriteStream): [name: string, value: string][] {
  if (document === undefined) return [];
  const { alerts, unacknowledged } = document;
  const open = unacknowledged === 0 ? '0' : styled(stream, 'red', `${unacknowledged}`);
  return [['alerts', `${open} of ${alerts} not acknowledged`]];
}

function loadRow(loading: StatusAnswer['loading']): [name: string, value: string][] {
  if (loading === null || loading === undefined) return [];
  const { done, total, filesPerSecond, leftMs } = loading;
  const left = leftMs === null ? '' : `, ${filesPerSecond} a second, ${duration(leftMs)} left`;
  return [['loading', `${done} of ${total} files${left}`]];
}

function catchUpRow(catchUp: StatusAnswer['catchUp']): [name: string, value: string][] {
  if (catchUp === null || catchUp === undefined) return [];
  const { done, total, recordsPerSecond, leftMs } = catchUp;
  const left = leftMs === null ? 'waiting' : `${recordsPerSecond} a second, ${duration(leftMs)} left`;
  return [['catch-up', `${done} of ${total} records, ${left}`]];
}

function peerLines({ peers }: StatusAnswer, stream: NodeJS.WriteStream): readonly string[] {
  if (peers.length === 0) return ['no peers'];
  const header = ['peer', 'link', 'round trip', 'clock', 'last heard', 'mode', 'records', 'digest'];
  const rows = peers.map((peer) => [
    peer.peerId,
    peer.connected ? 'up' : 'down',
    peer.roundTripMs === null ? '-' : `${peer.roundTripMs.toFixed(1)} ms`,
    `${offsetText(peer.clock)}${peer.clock.skewed ? ', skewed' : ''}`,
    peer.silentMs === null ? 'never' : `${duration(peer.silentMs)} ago`,
    peer.mode ?? '-',
    peer.records === null ? '-' : `${peer.records}`,
    peer.digest === null ? '-' : peer.agrees ? 'agrees' : 'differs',
  ]);
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [styled(stream, 'bold', line(header)), ...rows.map(line)];
}

function clockText({ clock }: StatusAnswer, stream: NodeJS.WriteStream): string {
  const { standing, clocks, skewBoundMs, steps, leasesWaiting } = clock;
  const claims = standing === 'outside' ? styled(stream, 'red', 'outside the bound, claims nothing') : standing;
  const waiting = leasesWaiting === 0 ? '' : `; ${leasesWaiting} leases from too far ahead`;
  const stepped = steps === 0 ? '' : `; stepped ${steps} times`;
  if (clock.offsetMs === null) return `${claims}: no other clock to compare with${waiting}${stepped}`;
  return `${claims}: ${offsetText(clock)} against the majority of ${clocks}, bound ${skewBoundMs} ms${waiting}${stepped}`;
}

/** `+0.3 ± 1.2 ms`. */
function offsetText({ offsetMs, boundMs }: Pick<StatusAnswer['clock'], 'offsetMs' | 'boundMs'>): string {
  if (offsetMs === null || boundMs === null) return '-';
  return `${offsetMs < 0 ? '' : '+'}${offsetMs.toFixed(1)} ± ${boundMs.toFixed(1)} ms`;
}
