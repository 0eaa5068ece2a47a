/** What needs people, before anything else on the page. */

import type { JSX } from 'preact';
import type { DisputeSummary, Summary } from '../../frames.ts';
import { shortenIds, shortHash, shortPeer } from '../model/words.ts';
import { BlockLink, Id } from './parts.tsx';

/** Disputes that are listed before the rest is counted. */
const DISPUTES_LISTED = 4;

export function Attention({ summary }: { readonly summary: Summary }): JSX.Element {
  const { concerns, disputes, blocks } = summary;
  if (concerns.length === 0) {
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
  return `${others}, ${blocks.success} of ${blocks.total} blocks validated, ${leasesTotal} in work.`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}. `;
}

export function Mark({ kind }: { readonly kind: 'good' | 'warning' | 'alarm' }): JSX.Element {
  return (
    <svg class={`sign ${kind}`} viewBox="0 0 16 16" aria-hidden="true">
      {kind === 'good' ? (
        <path d="M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1Zm3 4.6L7 9.6 5 7.7 3.9 8.8 7 11.8l5.1-5.1Z" />
      ) : kind === 'warning' ? (
        <path d="M8 1.2 15.4 14.4H.6Zm-.8 4.6.3 4.6h1l.3-4.6Zm.8 5.5a.9.9 0 1 0 0 1.8.9.9 0 0 0 0-1.8Z" />
      ) : (
        <path d="M5 .8h6l4.2 4.2v6L11 15.2H5L.8 11V5Zm2.1 3 .3 5.4h1.2l.3-5.4ZM8 10.2a1 1 0 1 0 0 2 1 1 0 0 0 0-2Z" />
      )}
    </svg>
  );
}
