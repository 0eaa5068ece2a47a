/** The whole page: what needs attention, the state, then what it consists of, and one block when one is open. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Wish } from '../../frames.ts';
import type { DocumentLink } from '../document-link.ts';
import type { LiveConnection } from '../live-connection.ts';
import type { PageState } from '../model/page-state.ts';
import { Attention } from './attention.tsx';
import { Banner } from './banner.tsx';
import { BlockPanel } from './block-panel.tsx';
import { BlocksCard } from './blocks-card.tsx';
import { ClusterMap } from './cluster-map.tsx';
import { EvidenceCard } from './evidence-list.tsx';
import { IncidentsCard } from './incidents-card.tsx';
import { Intro } from './intro.tsx';
import { Leases } from './leases.tsx';
import { Labels } from './member.tsx';
import { Masthead } from './masthead.tsx';
import { PeersTable } from './peers-table.tsx';
import { Plots } from './plots.tsx';
import { Tiles } from './tiles.tsx';

interface AppProps {
  readonly state: PageState;
  readonly connection: Pick<LiveConnection, 'want' | 'retryNow'>;
  readonly link: DocumentLink;
}

/** The address says which block is open, so that the browser's own way back closes it. */
function openBlock(number: number): void {
  location.hash = `block/${number}`;
}

function closeBlock(): void {
  history.pushState(null, '', location.pathname);
  dispatchEvent(new HashChangeEvent('hashchange'));
  document.querySelector<HTMLElement>('.grid-scroller')?.focus();
}

export function App({ state, connection, link }: AppProps): JSX.Element {
  const { summary, openHeight, nowMs } = state;
  const [shown, setShown] = useState<Omit<Wish, 'open'>>({ from: 0, heights: 0 });
  useEffect(() => {
    if (shown.heights > 0 || openHeight !== null) connection.want({ ...shown, open: openHeight });
  }, [shown.from, shown.heights, openHeight]);
  return (
    <Labels.Provider value={state.document.members}>
      <a class="skip" href="#title-blocks">
        To the blocks
      </a>
      <Masthead state={state} link={link} />
      <Banner state={state} onRetry={() => connection.retryNow()} />
      {summary === undefined ? (
        <p class="boot">Asking the node what it sees…</p>
      ) : (
        <main class={state.link.state === 'lost' ? 'stale' : ''}>
          <Attention summary={summary.value} document={state.document} link={link} />
          <Intro summary={summary.value} />
          <Tiles summary={summary.value} samples={state.samples} />
          <ClusterMap summary={summary.value} />
          <PeersTable summary={summary.value} document={state.document} link={link} />
          <BlocksCard
            summary={summary.value}
            window={state.window}
            open={openHeight}
            onOpen={openBlock}
            onWant={({ from, heights }) => setShown({ from, heights })}
          />
          <Plots samples={state.samples} summary={summary.value} />
          <IncidentsCard document={state.document} link={link} />
          <Leases summary={summary} nowMs={nowMs} />
          <EvidenceCard evidence={state.evidence} />
        </main>
      )}
      {openHeight === null || summary === undefined ? null : (
        <BlockPanel
          number={openHeight}
          height={state.height}
          ownId={summary.value.peerId}
          nowMs={nowMs}
          document={state.document}
          link={link}
          onClose={closeBlock}
        />
      )}
      <footer>
        Served by the node itself, from nothing but its own records. In a terminal:{' '}
        <code>driftlock status --watch</code>, <code>driftlock top</code>.
      </footer>
    </Labels.Provider>
  );
}
