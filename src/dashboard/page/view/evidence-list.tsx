/** What happened, newest first: the end of the evidence that the node writes. */

import type { JSX } from 'preact';
import type { EvidenceLine } from '../../frames.ts';
import { shortenIds, timeOfDay } from '../model/words.ts';
import { Card, Empty } from './parts.tsx';

const SHOWN = 60;

const TONES: Readonly<Record<string, string>> = {
  'mode-changed': 'warn',
  'clock-standing': 'warn',
  'clock-stepped': 'warn',
  'evidence-lost': 'warn',
  disputed: 'alarm',
  'witness-conflict': 'alarm',
  converged: 'good',
};

export function EvidenceCard({ evidence }: { readonly evidence: readonly EvidenceLine[] }): JSX.Element {
  return (
    <Card
      place="evidence"
      title="Evidence"
      aside={
        <>
          since this node started; all of it: <code>driftlock evidence</code>
        </>
      }
    >
      {evidence.length === 0 ? (
        <Empty>
          Nothing yet. Changes of mode, disputes, lost leases, clock alarms and every merge that changed a block appear
          here.
        </Empty>
      ) : (
        <div class="scroll">
          <EvidenceLines evidence={evidence.slice(-SHOWN).toReversed()} />
        </div>
      )}
    </Card>
  );
}

export function EvidenceLines({ evidence }: { readonly evidence: readonly EvidenceLine[] }): JSX.Element {
  return (
    <ol class="evidence-lines">
      {evidence.map(({ atMs, type, block, text }, at) => (
        <li key={`${atMs}.${at}`}>
          <time dateTime={new Date(atMs).toISOString()}>{timeOfDay(atMs)}</time>
          <span class={`kind ${TONES[type] ?? ''}`}>{type}</span>
          <span class="text">{block === null ? shortenIds(text) : <BlockText block={block} text={text} />}</span>
        </li>
      ))}
    </ol>
  );
}

/** The text of a record about a block begins with the block, which becomes a link. */
function BlockText({ block, text }: { readonly block: string; readonly text: string }): JSX.Element {
  const [number = ''] = block.split('.');
  const rest = text.slice(text.indexOf(' ') + 1);
  return (
    <>
      <a class="block-link" href={`#block/${number}`}>
        {number}
      </a>{' '}
      {shortenIds(rest)}
    </>
  );
}
