/** What needs people, before anything else on the page. */

import type { JSX } from 'preact';
import type { DisputeSummary, Summary } from '../../frames.ts';
import type { DocumentLink } from '../document-link.ts';
import type { DocumentState } from '../model/document-state.ts';
import { integer, shortenIds, shortHash, shortPeer } from '../model/words.ts';
import { AlertList } from './alert-list.tsx';
import { Mark } from './mark.tsx';
import { BlockLink, Id } from './parts.tsx';

/** Disputes that are listed before the rest is counted. */
const DISPUTES_LISTED = 4;

interface AttentionProps {
  readonly summary: Summary;
  readonly document: DocumentState;
  readonly link: DocumentLink;
}

export function Attention({ summary, document, link }: AttentionProps): JSX.Element {
  const { disputes, blocks } = summary;
  // Alerts are listed one by one, where their document is at hand.
  const concerns = summary.concerns.filter(({ kind }) => kind !== 'unacknowledged' || !document.isConnected);
  if (concerns.length === 0 && document.alerts.length === 0) {
    return (
      <section class="attention calm" aria-label="What needs attention" role="status">
        <Mark kind="good" /> Nothing needs attention: {calmText(summary)}
      </section>
    );
  }
  const listed = disputes.slice(0, DISPUTES_LISTED);
  return (
    <section class="attention" aria-label="What needs attention" role="alert">
      <ul>
        {concerns.map(({ level, kind, text }) => (
          <li key={kind} class={level}>
            <Mark kind={level} />
            <div>
              <b>{sentence(shortenIds(text))}</b>
              <span class="hint">{HINTS[kind] ?? ''}</span>
              {kind === 'disputes' ? (
                <ul class="disputes">
                  {listed.map((dispute) => (
                    <Disputed key={`${dispute.number}.${dispute.hash}`} dispute={dispute} />
                  ))}
                  {blocks.disputed > listed.length ? <li>and {blocks.disputed - listed.length} more</li> : null}
                </ul>
              ) : null}
            </div>
          </li>
        ))}
        <AlertList document={document} link={link} />
      </ul>
    </section>
  );
}

/** What follows from each, and what to do. */
const HINTS: Readonly<Record<string, string>> = {
  disputes:
    'Both results are kept with their signatures; nothing is decided for you. Open a block to see who found what.',
  degraded: 'Reads and writes go on here; what the other side does is not seen until the link is back.',
  'claims-paused': 'degradedClaiming is “pause”.',
  'clock-outside': 'Set the clock of this machine. Validations under way, merging and reading go on.',
  'files-wait': 'They are tried again; nothing that was acknowledged is lost.',
  unacknowledged: 'The cluster document is not connected, so they cannot be listed here: driftlock alerts.',
  exhausted: 'Look at their results and the validator’s log.',
};

function Disputed({ dispute }: { readonly dispute: DisputeSummary }): JSX.Element {
  const { number, hash, kind, roots, succeeded, failed } = dispute;
  return (
    <li>
      <BlockLink number={number} /> <Id text={hash} short={shortHash(hash)} />{' '}
      {kind === 'different-roots'
        ? `${roots.length} different state roots from ${names(succeeded)}`
        : `success by ${names(succeeded)}, failed by ${names(failed)}`}
    </li>
  );
}

function names(peerIds: readonly string[]): string {
  return peerIds.map(shortPeer).join(', ');
}

function calmText({ peers, blocks, leasesTotal }: Summary): string {
  const reached = peers.filter(({ connected }) => connected).length;
  const others = peers.length === 0 ? 'no other members' : `${reached} of ${peers.length} other members linked`;
  return `${others}, ${integer(blocks.success)} of ${integer(blocks.total)} blocks validated, ${integer(leasesTotal)} in work.`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}. `;
}
