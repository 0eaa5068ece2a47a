/**
 * What stands in the cluster document, and what of it is believed: its top-level types, the shape of their entries, and the limits of
 * their texts.
 *
 * Invariant: an entry of another shape, or under a key that is none, is left out as if it were not there, since any page with the
 * token could have written it; what is left is plain JSON.
 */

import type * as Y from 'yjs';
// The small one: the dashboard's page reads the document by this file, too.
import * as z from 'zod/mini';
import { compareText, parseBlockId } from '../../crdt/ids.ts';

/** Characters of a name, a label or a region. */
export const NAME_CHARACTERS_MAX = 64;
/** Of a title or a subject. */
export const TITLE_CHARACTERS_MAX = 256;
/** Of the text of an alert or the note of an acknowledgement. */
export const TEXT_CHARACTERS_MAX = 1_024;
const KEY_CHARACTERS_MAX = 256;

const name = z.string().check(z.maxLength(NAME_CHARACTERS_MAX));
const title = z.string().check(z.maxLength(TITLE_CHARACTERS_MAX));
const text = z.string().check(z.maxLength(TEXT_CHARACTERS_MAX));
const wallMs = z.number().check(z.nonnegative());

const memberSchema = z.object({ label: name, region: name });
const alertSchema = z.object({ kind: name, subject: title, text, raisedAtMs: wallMs, raisedBy: name });
const acknowledgementSchema = z.object({ by: name, atMs: wallMs, note: text });
const incidentSchema = z.object({ title, openedAtMs: wallMs, openedBy: name, closedAtMs: z.nullable(wallMs) });
const noteSchema = z.object({ atMs: wallMs });

export type MemberEntry = z.infer<typeof memberSchema>;
export type AlertEntry = z.infer<typeof alertSchema>;
export type AcknowledgementEntry = z.infer<typeof acknowledgementSchema>;
export type IncidentEntry = z.infer<typeof incidentSchema>;

/** The maps of the document. */
export const MEMBERS = 'members';
export const ALERTS = 'alerts';
export const ACKNOWLEDGEMENTS = 'acknowledgements';
export const INCIDENTS = 'incidents';
export const NOTE_INDEX = 'noteIndex';

const PEER_ID_PATTERN = /^12D3Koo[1-9A-HJ-NP-Za-km-z]{45}$/;
const INCIDENT_ID_PATTERN = /^[0-9a-f]{1,64}$/;

export interface MemberView extends MemberEntry {
  readonly peerId: string;
}

export interface AlertView extends AlertEntry {
  readonly id: string;
  /** Null: nobody has acknowledged it. */
  readonly acknowledgement: AcknowledgementEntry | null;
}

export interface IncidentView extends IncidentEntry {
  readonly id: string;
}

export interface NoteView {
  /** `block/{number}.{0xhash}` or `incident/{id}`. */
  readonly key: string;
  readonly atMs: number;
  readonly text: string;
}

/** The document for programs and people. */
export interface DocumentView {
  readonly members: readonly MemberView[];
  /** The latest first. */
  readonly alerts: readonly AlertView[];
  readonly incidents: readonly IncidentView[];
  readonly notes: readonly NoteView[];
}

/** The name of the shared text of a note. */
export function noteName(key: string): string {
  return `note/${key}`;
}

export function readAlerts(doc: Y.Doc): readonly AlertView[] {
  const acknowledgements = new Map(entriesOf(doc, ACKNOWLEDGEMENTS, acknowledgementSchema, isAlertId));
  return entriesOf(doc, ALERTS, alertSchema, isAlertId)
    .map(([id, alert]) => ({ id, ...alert, acknowledgement: acknowledgements.get(id) ?? null }))
    .sort((a, b) => b.raisedAtMs - a.raisedAtMs || compareText(a.id, b.id));
}

export function readMembers(doc: Y.Doc): readonly MemberView[] {
  return entriesOf(doc, MEMBERS, memberSchema, (key) => PEER_ID_PATTERN.test(key))
    .map(([peerId, member]) => ({ peerId, ...member }))
    .sort((a, b) => compareText(a.peerId, b.peerId));
}

export function readDocument(doc: Y.Doc): DocumentView {
  return {
    members: readMembers(doc),
    alerts: readAlerts(doc),
    incidents: readIncidents(doc),
    notes: readNoteIndex(doc).map(({ key, atMs }) => ({ key, atMs, text: readNote(doc, key) })),
  };
}

/** The latest first. */
export function readIncidents(doc: Y.Doc): readonly IncidentView[] {
  return entriesOf(doc, INCIDENTS, incidentSchema, (key) => INCIDENT_ID_PATTERN.test(key))
    .map(([id, incident]) => ({ id, ...incident }))
    .sort((a, b) => b.openedAtMs - a.openedAtMs || compareText(a.id, b.id));
}

/** Which notes there are, without their texts. */
export function readNoteIndex(doc: Y.Doc): readonly Omit<NoteView, 'text'>[] {
  return entriesOf(doc, NOTE_INDEX, noteSchema, isNoteKey)
    .map(([key, { atMs }]) => ({ key, atMs }))
    .sort((a, b) => compareText(a.key, b.key));
}

function readNote(doc: Y.Doc, key: string): string {
  // To ask for a text makes it.
  return doc.share.has(noteName(key)) ? doc.getText(noteName(key)).toJSON() : '';
}

function isAlertId(key: string): boolean {
  return key.length > 0 && key.length <= KEY_CHARACTERS_MAX;
}

function isNoteKey(key: string): boolean {
  const [kind, id = '', ...rest] = key.split('/');
  if (rest.length > 0) return false;
  if (kind === 'incident') return INCIDENT_ID_PATTERN.test(id);
  return kind === 'block' && parseBlockId(id) !== undefined;
}

function entriesOf<Schema extends z.ZodMiniType>(
  doc: Y.Doc,
  map: string,
  schema: Schema,
  isKey: (key: string) => boolean,
): readonly (readonly [string, z.output<Schema>])[] {
  return [...doc.getMap(map)].flatMap(([key, value]) => {
    const parsed = isKey(key) ? schema.safeParse(value) : undefined;
    return parsed?.success === true ? [[key, parsed.data] as const] : [];
  });
}
