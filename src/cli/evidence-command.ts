/** `driftlock evidence`: what happened on a node, from the records that it keeps of it. */

import type { Command } from 'commander';
import { describeText } from '../../crdt/ids.ts';
import { pause } from '../../net/clock.ts';
import { NodeDisk } from '../disk/node-disk.ts';
import { EVIDENCE_TYPES, type EvidenceRecord, type EvidenceType } from '../evidence/evidence-record.ts';
import { EvidenceReader, isBlockQuery } from '../evidence/read-evidence.ts';
import { systemClock } from '../node/machine.ts';
import { evidenceLine } from './evidence-line.ts';
import { UsageError } from './exit-codes.ts';
import { collect } from './flag-values.ts';
import { requiredDatadir } from './required-datadir.ts';
import { stopSignal } from './stop-signal.ts';
import { printLine, printWarning, type Terminal } from './terminal.ts';

interface EvidenceFlags {
  readonly datadir?: string;
  readonly since?: string;
  readonly type?: readonly string[];
  readonly block?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Between two looks for what was added. A node writes four times a second. */
const FOLLOW_MS = 250;

export function addEvidenceCommand(program: Command, terminal: Terminal): void {
  program
    .command('evidence')
    .summary('show what happened: modes, leases, disputes, convergence')
    .description(
      'Shows the evidence that a node keeps in its data directory, oldest first: changes of mode, merges that changed a ' +
        'view, leases lost and taken over, disputes, alarms of clocks, convergence. The node may run or not.',
    )
    .option('--datadir <dir>', 'the data directory')
    .option('--since <time>', 'from then on: 90s, 15m, 2h, 3d ago, or a time such as 2026-11-21T17:00:00Z')
    .option('--type <type>', `only this type; repeatable: ${EVIDENCE_TYPES.join(', ')}`, collect)
    .option('--block <block>', 'only this block: its number, or number.hash')
    .option('--follow', 'go on with what is added, until stopped')
    .option('--json', 'one JSON object a line, of docs/evidence.schema.json')
    .addHelpText(
      'after',
      `
Examples:
  driftlock evidence --datadir /var/lib/driftlock --since 1h
  driftlock evidence --datadir /var/lib/driftlock --type mode-changed --type disputed --follow
  driftlock evidence --datadir /var/lib/driftlock --block 3080 --json | jq .`,
    )
    .action(async (flags: EvidenceFlags) => {
      const { evidence } = requiredDatadir(flags.datadir);
      const reader = new EvidenceReader(new NodeDisk(), evidence, {
        sinceMs: flags.since === undefined ? undefined : parseSince(flags.since, systemClock.wallMs()),
        types: (flags.type ?? []).map(parseType),
        block: flags.block === undefined ? undefined : parseBlock(flags.block),
      });
      const print = (record: EvidenceRecord): void =>
        printLine(
          terminal.stdout,
          flags.json === true ? JSON.stringify(record) : evidenceLine(record, terminal.stdout),
        );
      const signal = flags.follow === true ? stopSignal() : undefined;
      for await (const record of reader.read()) print(record);
      if (signal === undefined) {
        if (reader.passedOver > 0) printWarning(terminal, `${reader.passedOver} lines were no records`);
        return;
      }
      while (!signal.aborted) {
        await pause(systemClock, FOLLOW_MS, signal).catch(() => undefined);
        for await (const record of reader.read()) print(record);
      }
    });
}

function parseType(text: string): EvidenceType {
  const type = EVIDENCE_TYPES.find((candidate) => candidate === text);
  if (type !== undefined) return type;
  throw new UsageError('--type', `one of ${EVIDENCE_TYPES.join(', ')}`, describeText(text));
}

function parseBlock(text: string): string {
  const block = text.toLowerCase();
  if (isBlockQuery(block)) return block;
  throw new UsageError('--block', 'a block number, or number.hash', describeText(text));
}

const AGO_PATTERN = /^(?<count>[0-9]{1,9})(?<unit>[smhd])$/;
const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s` ago, or a time as ISO 8601 has it, as Unix milliseconds. */
export function parseSince(text: string, nowMs: number): number {
  const groups = AGO_PATTERN.exec(text)?.groups;
  const unitMs = UNITS_MS[groups?.['unit'] ?? ''];
  if (unitMs !== undefined) return nowMs - Number(groups?.['count']) * unitMs;
  const atMs = /^[0-9]{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new UsageError('--since', '90s, 15m, 2h, 3d, or a time such as 2026-11-21T17:00:00Z', describeText(text));
}
