/** One height in full: who found what, under whose signature, who holds it now, where its witness is, what happened to it. */

import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { BlockDetail, HeightDetail } from '../../frames.ts';
import { bytesText } from '../../../bytes-text.ts';
import { remainingNow, type Arrived } from '../model/page-state.ts';
import { integer, shortHash, STATUS_WORDS, timeOfDay } from '../model/words.ts';
import type { DocumentLink } from '../document-link.ts';
import { blockNoteKey, type DocumentState } from '../model/document-state.ts';
import { EvidenceLines } from './evidence-list.tsx';
import { Remaining } from './leases.tsx';
import { Member } from './member.tsx';
import { NoteEditor } from './note-editor.tsx';
import { Empty, Id } from './parts.tsx';

interface BlockPanelProps {
  readonly number: number;
  readonly height: Arrived<HeightDetail> | undefined;
  readonly ownId: string;
  readonly nowMs: number;
  readonly document: DocumentState;
  readonly link: DocumentLink;
  readonly onClose: () => void;
}

export function BlockPanel({ number, height, ownId, nowMs, document, link, onClose }: BlockPanelProps): JSX.Element {
  const panel = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    // Not modal: the page beside it goes on to be of use.
    if (panel.current?.open === false) panel.current.show();
    panel.current?.focus();
  }, [number]);
  return (
    <dialog
      class="panel"
      ref={panel}
      tabIndex={-1}
      aria-labelledby="panel-title"
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <header>
        <h2 id="panel-title">Block {integer(number)}</h2>
        <button type="button" onClick={onClose} aria-label="Close">
          ✕
        </button>
      </header>
      <div class="panel-body">
        {height === undefined ? (
          <Empty>Asking the node…</Empty>
        ) : (
          <Height height={height} ownId={ownId} nowMs={nowMs} document={document} link={link} />
        )}
      </div>
    </dialog>
  );
}

interface HeightProps {
  readonly height: Arrived<HeightDetail>;
  readonly ownId: string;
  readonly nowMs: number;
  readonly document: DocumentState;
  readonly link: DocumentLink;
}

function Height({ height, ownId, nowMs, document, link }: HeightProps): JSX.Element {
  const { blocks, evidence, number } = height.value;
  return (
    <>
      {blocks.length === 0 ? <Empty>This node knows of no block at this height.</Empty> : null}
      {blocks.length > 1 ? (
        <p class="note">{blocks.length} blocks at this height: there was a reorg, and each is a record of its own.</p>
      ) : null}
      {blocks.map((block) => (
        <Block key={block.hash} block={block} arrivedAtMs={height.atMs} ownId={ownId} nowMs={nowMs} />
      ))}
      {blocks.map(({ hash }) => (
        <NoteEditor
          key={hash}
          noteKey={blockNoteKey(number, hash)}
          title={blocks.length > 1 ? `Note on ${shortHash(hash)}` : 'Note'}
          document={document}
          link={link}
        />
      ))}
      <h3>Evidence</h3>
      {evidence.length === 0 ? (
        <Empty>
          None since this node started. Older: <code>driftlock evidence --block {number}</code>
        </Empty>
      ) : (
        <EvidenceLines evidence={evidence.toReversed()} />
      )}
    </>
  );
}

interface BlockProps {
  readonly block: BlockDetail;
  readonly arrivedAtMs: number;
  readonly ownId: string;
  readonly nowMs: number;
}

function Block({ block, arrivedAtMs, ownId, nowMs }: BlockProps): JSX.Element {
  const { hash, status, reason, stateRoot, dispute, lease, witness, holders, holdersTotal, blobs, isHeld } = block;
  return (
    <article class="block">
      <p class={`status-line ${dispute === null ? status : 'disputed'}`}>
        <b>{dispute === null ? STATUS_WORDS[status] : 'disputed'}</b>
        <span>{dispute === null ? reason.replaceAll('-', ' ') : dispute.replaceAll('-', ' ')}</span>
      </p>
      <dl class="facts">
        <Fact name="hash">
          <code>{hash}</code>
        </Fact>
        <Fact name="state root">
          {stateRoot === null ? <span class="soft">none yet</span> : <code>{stateRoot}</code>}
        </Fact>
        {lease === null ? null : (
          <Fact name="lease">
            <Member peerId={lease.holder} ownId={ownId} />, epoch {lease.epoch}, <Signed signature={lease.signature} />
            <Remaining
              remainingMs={remainingNow(lease.remainingMs, arrivedAtMs, nowMs)}
              durationMs={lease.durationMs}
            />
          </Fact>
        )}
        <Fact name="witness">
          {witness === null ? (
            <span class="soft">{block.settled ? 'of an old, final block: no longer told of' : 'none announced'}</span>
          ) : (
            <>
              {witness.state}, {bytesText(witness.payloadBytes)}, by <Member peerId={witness.author} ownId={ownId} />,
              digest <Id text={witness.digest} short={shortHash(witness.digest)} />;{' '}
              {isHeld ? 'stored here' : 'not stored here'}
            </>
          )}
        </Fact>
        <Fact name="stored by">
          {holders.length === 0 ? (
            <span class="soft">nobody says so</span>
          ) : (
            <Members peerIds={holders} total={holdersTotal} ownId={ownId} />
          )}
        </Fact>
        {blobs === 0 ? null : <Fact name="blob ids">{integer(blobs)}</Fact>}
      </dl>
      <Results block={block} ownId={ownId} />
    </article>
  );
}

function Results({ block, ownId }: { readonly block: BlockDetail; readonly ownId: string }): JSX.Element {
  const { results, resultsTotal } = block;
  if (results.length === 0) return <Empty>No result yet.</Empty>;
  return (
    <>
      <h3>Results{resultsTotal > results.length ? `, the first ${results.length} of ${integer(resultsTotal)}` : ''}</h3>
      <div class="scroll">
        <table class="plain">
          <thead>
            <tr>
              <th>by</th>
              <th>found</th>
              <th>root</th>
              <th class="number">epoch</th>
              <th>signed</th>
            </tr>
          </thead>
          <tbody>
            {results.map(({ node, verdict, stateRoot, epoch, sequence, atMs, signature }) => (
              <tr key={`${node}.${stateRoot ?? ''}`}>
                <td>
                  <Member peerId={node} ownId={ownId} />
                </td>
                <td>
                  <span class={`word ${verdict}`}>{verdict === 'success' ? '■ success' : '✕ failed'}</span>
                </td>
                <td>
                  {stateRoot === null ? (
                    <span class="soft">none</span>
                  ) : (
                    <Id text={stateRoot} short={shortHash(stateRoot)} />
                  )}
                </td>
                <td class="number" title={`its result number ${sequence} for this block`}>
                  {epoch}
                </td>
                <td>
                  {timeOfDay(atMs)} <Signed signature={signature} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Signed({ signature }: { readonly signature: 'valid' | 'invalid' }): JSX.Element {
  if (signature === 'valid')
    return (
      <span class="word good" title="checked just now">
        ✓ signature valid
      </span>
    );
  return <span class="word alarm">✕ signature invalid</span>;
}

interface MembersProps {
  readonly peerIds: readonly string[];
  readonly total: number;
  readonly ownId: string;
}

function Members({ peerIds, total, ownId }: MembersProps): JSX.Element {
  return (
    <>
      {peerIds.map((peerId, at) => (
        <>
          {at === 0 ? '' : ', '}
          <Member peerId={peerId} ownId={ownId} />
        </>
      ))}
      {total > peerIds.length ? ` and ${total - peerIds.length} more` : ''}
    </>
  );
}

interface FactProps {
  readonly name: string;
  readonly children: JSX.Element | readonly (JSX.Element | string | number)[] | string;
}

function Fact({ name, children }: FactProps): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
