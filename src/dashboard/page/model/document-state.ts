/**
 * What the page shows of the cluster document: what people wrote, what they are to be told of, and who is looking.
 *
 * Invariant: plain values, of which nothing is taken over that the shape of the document does not know.
 */

import type * as Y from 'yjs';
import type { AwarenessTable } from '../../../../net/document/awareness.ts';
import {
  NAME_CHARACTERS_MAX,
  readAlerts,
  readIncidents,
  readMembers,
  readNoteIndex,
  type AlertView,
  type IncidentView,
  type MemberView,
} from '../../../document/shape.ts';

export interface Person {
  readonly client: number;
  readonly name: string;
  /** The note that it has open; null: none. */
  readonly viewing: string | null;
}

export interface DocumentState {
  readonly isConnected: boolean;
  /** Whether what is written here is taken. */
  readonly mayWrite: boolean;
  /** As whom; empty: nobody has said. */
  readonly ownName: string;
  /** The latest first. */
  readonly alerts: readonly AlertView[];
  readonly incidents: readonly IncidentView[];
  readonly members: ReadonlyMap<string, MemberView>;
  /** Keys of the notes that there are. */
  readonly notes: ReadonlySet<string>;
  /** The others with a page open. */
  readonly people: readonly Person[];
}

export const EMPTY_DOCUMENT: DocumentState = {
  isConnected: false,
  mayWrite: false,
  ownName: '',
  alerts: [],
  incidents: [],
  members: new Map(),
  notes: new Set(),
  people: [],
};

export function readDocumentState(
  doc: Y.Doc,
  presences: AwarenessTable,
  link: Pick<DocumentState, 'isConnected' | 'mayWrite' | 'ownName'>,
): DocumentState {
  return {
    ...link,
    alerts: readAlerts(doc),
    incidents: readIncidents(doc),
    members: new Map(readMembers(doc).map((member) => [member.peerId, member])),
    notes: new Set(readNoteIndex(doc).map(({ key }) => key)),
    people: presences.present
      .filter((client) => client !== doc.clientID)
      .flatMap((client) => personAt(presences, client)),
  };
}

/** Nodes are there too, and are no people. */
function personAt(presences: AwarenessTable, client: number): readonly Person[] {
  const { name, viewing, node } = presences.stateOf(client) ?? {};
  if (typeof name !== 'string' || name === '' || node === true) return [];
  return [{ client, name: name.slice(0, NAME_CHARACTERS_MAX), viewing: typeof viewing === 'string' ? viewing : null }];
}

/** The key of the note of a block. */
export function blockNoteKey(number: number, hash: string): string {
  return `block/${number}.${hash}`;
}

export function incidentNoteKey(id: string): string {
  return `incident/${id}`;
}
