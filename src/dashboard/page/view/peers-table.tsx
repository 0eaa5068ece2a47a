/** Every member on a line: mode, lag, version, clock and whether it holds the same. */

import type { ComponentChildren, JSX } from 'preact';
import { duration } from '../../../duration.ts';
import type { PeerSummary, Summary } from '../../frames.ts';
import type { DocumentLink } from '../document-link.ts';
import type { DocumentState } from '../model/document-state.ts';
import { integer, milliseconds } from '../model/words.ts';
import { ClockBar, ClockScale } from './clock-bar.tsx';
import { LabelForm } from './label-form.tsx';
import { Member, useRegion } from './member.tsx';
import { Card } from './parts.tsx';

interface PeersTableProps {
  readonly summary: Summary;
  readonly document: DocumentState;
  readonly link: DocumentLink;
}

export function PeersTable({ summary, document, link }: PeersTableProps): JSX.Element {
  const regionOf = useRegion();
  const { peers, peersTotal, clock, mode, blocks, version, region, peerId } = summary;
  const more = peersTotal - peers.length;
  const recordsMax = peers.reduce((max, { records }) => Math.max(max, records ?? 0), blocks.total);
  return (
    <Card place="peers" title="Members" aside={more === 0 ? undefined : `the first ${peers.length}; ${more} more`}>
      <div class="scroll">
        <table class="plain members">
          <thead>
            <tr>
              <th>member</th>
              <th>mode</th>
              <th class="number" title="records that the member with most of them has more">
                lag
              </th>
              <th class="number">round trip</th>
              <th class="number wide">heard</th>
              <th class="wide">version</th>
              <th class="clock">
                <span>clock offset</span>
                <ClockScale skewBoundMs={clock.skewBoundMs} />
              </th>
              <th>records</th>
            </tr>
          </thead>
          <tbody>
            <tr class="own-row">
              <td>
                <span class="own" title={peerId}>
                  this node
                </span>
                <span class="soft"> {regionOf(peerId, region)}</span>
                {document.mayWrite ? <LabelForm peerId={peerId} region={region} link={link} /> : null}
              </td>
              <td>
                <ModeWord mode={mode} />
              </td>
              <td class="number" data-name="lag">
                {lagText(blocks.total, recordsMax)}
              </td>
              <td class="number soft" data-name="round trip">
                –
              </td>
              <td class="number wide soft">–</td>
              <td class="wide">{version}</td>
              <td class="clock" title="against the majority of the clocks">
                <ClockBar
                  offsetMs={clock.offsetMs}
                  boundMs={clock.boundMs}
                  skewBoundMs={clock.skewBoundMs}
                  isSkewed={clock.standing === 'outside'}
                />
              </td>
              <td class="soft" data-name="records">
                {integer(blocks.total)}
              </td>
            </tr>
            {peers.map((peer) => (
              <PeerRow key={peer.peerId} peer={peer} skewBoundMs={clock.skewBoundMs} recordsMax={recordsMax}>
                {document.mayWrite ? <LabelForm peerId={peer.peerId} region={peer.region ?? ''} link={link} /> : null}
              </PeerRow>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

interface RowProps {
  readonly peer: PeerSummary;
  readonly skewBoundMs: number;
  readonly recordsMax: number;
  /** Beside its name. */
  readonly children: ComponentChildren;
}

function PeerRow({ peer, skewBoundMs, recordsMax, children }: RowProps): JSX.Element {
  const { peerId, region, mode, records, roundTripMs, silentMs, version, connected, live, agrees, skewed } = peer;
  const regionOf = useRegion();
  const isSeen = connected || live;
  return (
    <tr class={isSeen ? '' : 'unseen'}>
      <td>
        <Member peerId={peerId} ownId="" />
        <span class="soft"> {regionOf(peerId, region)}</span>
        {children}
      </td>
      <td>{isSeen ? <ModeWord mode={mode} /> : <span class="word alarm">✕ out of sight</span>}</td>
      <td class="number" data-name="lag">
        {records === null ? '–' : lagText(records, recordsMax)}
      </td>
      <td class="number" data-name="round trip">
        {connected ? milliseconds(roundTripMs) : live ? 'indirect' : '–'}
      </td>
      <td class="number wide">{silentMs === null ? 'never' : `${duration(silentMs)} ago`}</td>
      <td class="wide">{version ?? '–'}</td>
      <td class="clock">
        <ClockBar offsetMs={peer.offsetMs} boundMs={peer.boundMs} skewBoundMs={skewBoundMs} isSkewed={skewed} />
      </td>
      <td data-name="records">
        {!isSeen ? (
          <span class="soft">not known</span>
        ) : agrees ? (
          <span class="word good">= the same</span>
        ) : (
          <span
            class={`word ${mode === 'normal' ? 'soft' : 'warn'}`}
            title="as of its last heartbeat: while blocks change, records differ for moments"
          >
            ≠ not yet
          </span>
        )}
      </td>
    </tr>
  );
}

function ModeWord({ mode }: { readonly mode: string | null }): JSX.Element {
  if (mode === null) return <span class="soft">not known</span>;
  return (
    <span class={`word ${mode === 'normal' ? 'good' : 'warn'}`}>{mode === 'normal' ? '● normal' : `▲ ${mode}`}</span>
  );
}

function lagText(records: number, recordsMax: number): string {
  const behind = recordsMax - records;
  return behind <= 0 ? '0' : integer(behind);
}
