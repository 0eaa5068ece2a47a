/** What nodes want people to see, until somebody says that they have. */

import type { JSX } from 'preact';
import { parseBlockId } from '../../../../crdt/ids.ts';
import type { AlertView } from '../../../document/shape.ts';
import type { DocumentLink } from '../document-link.ts';
import type { DocumentState } from '../model/document-state.ts';
import { integer, shortenIds, shortHash, timeOfDay } from '../model/words.ts';
import { Mark } from './mark.tsx';
import { BlockLink, textIn } from './parts.tsx';

/** Alerts that are listed before the rest is counted. */
const LISTED = 6;

interface AlertListProps {
  readonly document: DocumentState;
  readonly link: DocumentLink;
}

export function AlertList({ document, link }: AlertListProps): JSX.Element | null {
  const open = document.alerts.filter(({ acknowledgement }) => acknowledgement === null);
  const done = document.alerts.filter(({ acknowledgement }) => acknowledgement !== null);
  if (open.length === 0 && done.length === 0) return null;
  return (
    <>
      {open.slice(0, LISTED).map((alert) => (
        <li key={alert.id} class="alarm alert">
          <Mark kind="alarm" />
          <AlertText alert={alert} />
          {document.mayWrite ? <Acknowledge alert={alert} link={link} /> : null}
        </li>
      ))}
      {open.length > LISTED ? <li class="alarm">and {integer(open.length - LISTED)} more alerts</li> : null}
      {done.length === 0 ? null : (
        <li class="done">
          <details>
            <summary>
              {integer(done.length)} acknowledged {done.length === 1 ? 'alert' : 'alerts'}
            </summary>
            <ul>
              {done.slice(0, LISTED * 4).map((alert) => (
                <li key={alert.id}>
                  <AlertText alert={alert} />
                </li>
              ))}
            </ul>
          </details>
        </li>
      )}
    </>
  );
}

function AlertText({ alert }: { readonly alert: AlertView }): JSX.Element {
  const { kind, subject, text, raisedAtMs, raisedBy, acknowledgement } = alert;
  const block = parseBlockId(subject);
  return (
    <div class="alert-text">
      <b>{kind.replaceAll('-', ' ')}</b>{' '}
      {block === undefined ? (
        shortenIds(subject)
      ) : (
        <>
          <BlockLink number={block.number} /> <code title={block.hash}>{shortHash(block.hash)}</code>
        </>
      )}
      : {text}
      <span class="soft">
        {' '}
        {timeOfDay(raisedAtMs)}, seen by {shortenIds(raisedBy)}
        {acknowledgement === null
          ? ''
          : `; acknowledged by ${acknowledgement.by} at ${timeOfDay(acknowledgement.atMs)}${acknowledgement.note === '' ? '' : `: ${acknowledgement.note}`}`}
      </span>
    </div>
  );
}

function Acknowledge({ alert, link }: { readonly alert: AlertView; readonly link: DocumentLink }): JSX.Element {
  return (
    <form
      class="acknowledge"
      onSubmit={(event) => {
        event.preventDefault();
        link.acknowledge(alert.id, textIn(new FormData(event.currentTarget), 'note'));
      }}
    >
      <label>
        <span class="hidden">Note on the alert</span>
        <input name="note" maxLength={1024} placeholder="note, if any" />
      </label>
      <button type="submit">Acknowledge</button>
    </form>
  );
}
