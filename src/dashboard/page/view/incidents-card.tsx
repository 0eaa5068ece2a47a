/** Incidents that people opened, each with a note that all of them write. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { IncidentView } from '../../../document/shape.ts';
import { randomHex } from '../browser.ts';
import type { DocumentLink } from '../document-link.ts';
import { incidentNoteKey, type DocumentState } from '../model/document-state.ts';
import { timeOfDay } from '../model/words.ts';
import { NoteEditor } from './note-editor.tsx';
import { Card, Empty, textIn } from './parts.tsx';

const ID_DIGITS = 16;
const CLOSED_LISTED = 20;

interface IncidentsProps {
  readonly document: DocumentState;
  readonly link: DocumentLink;
}

export function IncidentsCard({ document, link }: IncidentsProps): JSX.Element {
  const [expanded, setExpanded] = useState<string | null>(null);
  const { incidents, mayWrite } = document;
  const open = incidents.filter(({ closedAtMs }) => closedAtMs === null);
  const closed = incidents.filter(({ closedAtMs }) => closedAtMs !== null).slice(0, CLOSED_LISTED);
  const toggle = (id: string): void => setExpanded(expanded === id ? null : id);
  return (
    <Card
      place="incidents"
      title="Incidents"
      aside={`${open.length} open; shared by all nodes`}
      end={mayWrite ? <OpenIncident link={link} onOpened={setExpanded} /> : null}
    >
      {incidents.length === 0 ? (
        <Empty>
          None. An incident is a title and a note that several people write at once, here or at any other node
          {mayWrite ? '' : '; whoever has the write token can open one'}.
        </Empty>
      ) : (
        <ul class="incident-list">
          {[...open, ...closed].map((incident) => (
            <li key={incident.id} class={incident.closedAtMs === null ? 'open' : 'closed'}>
              <div class="incident">
                <button
                  type="button"
                  class="quiet"
                  aria-expanded={expanded === incident.id}
                  onClick={() => toggle(incident.id)}
                >
                  {incident.title}
                </button>
                <span class="soft">{whenText(incident)}</span>
                {mayWrite && incident.closedAtMs === null ? (
                  <button type="button" onClick={() => link.closeIncident(incident)}>
                    Close
                  </button>
                ) : null}
              </div>
              {expanded === incident.id ? (
                <NoteEditor noteKey={incidentNoteKey(incident.id)} title="Note" document={document} link={link} />
              ) : null}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function whenText({ openedAtMs, openedBy, closedAtMs }: IncidentView): string {
  const opened = `opened ${timeOfDay(openedAtMs)} by ${openedBy}`;
  return closedAtMs === null ? opened : `${opened}, closed ${timeOfDay(closedAtMs)}`;
}

interface OpenIncidentProps {
  readonly link: DocumentLink;
  readonly onOpened: (id: string) => void;
}

function OpenIncident({ link, onOpened }: OpenIncidentProps): JSX.Element {
  return (
    <form
      class="go-to"
      onSubmit={(event) => {
        event.preventDefault();
        const form = event.currentTarget;
        const title = textIn(new FormData(form), 'title');
        if (title === '') return;
        const id = randomHex(ID_DIGITS);
        link.openIncident(id, title);
        onOpened(id);
        form.reset();
      }}
    >
      <label>
        <span class="hidden">Title of a new incident</span>
        <input name="title" maxLength={256} placeholder="title" autocomplete="off" />
      </label>
      <button type="submit">Open</button>
    </form>
  );
}
