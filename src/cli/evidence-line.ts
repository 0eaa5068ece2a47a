/** A record of evidence as one line for people. */

import { describeEvidence } from '../evidence/describe-evidence.ts';
import type { EvidenceRecord, EvidenceType } from '../evidence/evidence-record.ts';
import { styled, type Style } from './terminal.ts';

const STYLES: Partial<Readonly<Record<EvidenceType, Style>>> = {
  'mode-changed': 'yellow',
  'clock-standing': 'yellow',
  'clock-stepped': 'yellow',
  'evidence-lost': 'yellow',
  disputed: 'red',
  'witness-conflict': 'red',
  converged: 'green',
};

export function evidenceLine(record: EvidenceRecord, stream: NodeJS.WriteStream): string {
  const time = record.at.replace('T', ' ').replace('Z', '');
  const name = styled(stream, STYLES[record.type] ?? 'dim', record.type.padEnd('lease-taken-over'.length));
  return `${time}  ${name}  ${describeEvidence(record)}`;
}
