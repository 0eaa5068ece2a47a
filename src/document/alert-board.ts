/**
 * Writes this node's alerts into the cluster document, and keeps their number within bounds.
 *
 * Invariants: an alert that stands there is not written again; none that nobody has acknowledged is ever removed, so that once
 * ALERTS_MAX of these stand there, new ones are counted and left to the log.
 */

import type * as Y from 'yjs';
import type { NodeId } from '../../crdt/ids.ts';
import type { Clock, RandomInteger } from '../../net/clock.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import type { Alert } from './alert-of.ts';
import type { ClusterDocument } from './cluster-document.ts';
import { ACKNOWLEDGEMENTS, ALERTS, readAlerts, type AlertEntry, type AlertView } from './shape.ts';

export const ALERTS_MAX = 1_000;
/**
 * Each node waits a part of this, by chance, before it raises what all of them see: the one that is first is mostly heard of by the
 * others in time, and they write nothing.
 */
export const RAISE_SPREAD_MS = 3_000;

export interface AlertBoardOptions {
  readonly document: ClusterDocument;
  readonly clock: Clock;
  readonly random: RandomInteger;
  readonly self: NodeId;
}

export class AlertBoard {
  readonly #options: AlertBoardOptions;
  readonly #waiting = new Map<string, { readonly alert: Alert; readonly raisedAtMs: number }>();
  readonly #cancels = new Set<() => void>();
  #state: 'waiting' | 'raising' | 'stopped' = 'waiting';
  #dropped = 0;

  constructor(options: AlertBoardOptions) {
    this.#options = options;
  }

  /** Alerts for which there was no room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The others are in reach, or will be: raises what was seen meanwhile, and from now on what is seen. */
  start(): void {
    this.#state = 'raising';
    for (const id of this.#waiting.keys()) this.#schedule(id);
  }

  /** Raises at once what waits, and nothing after it. */
  stop(): void {
    this.#state = 'stopped';
    for (const cancel of this.#cancels) cancel();
    for (const id of this.#waiting.keys()) this.#raise(id);
  }

  /** Raises the alert in a while, unless it stands there by then. */
  note(alert: Alert): void {
    if (this.#state === 'stopped' || this.#waiting.has(alert.id)) return;
    if (this.#waiting.size >= ALERTS_MAX) {
      this.#dropped++;
      return;
    }
    this.#waiting.set(alert.id, { alert, raisedAtMs: Math.floor(this.#options.clock.wallMs()) });
    if (this.#state === 'raising') this.#schedule(alert.id);
  }

  #schedule(id: string): void {
    const { clock, random } = this.#options;
    const cancel = clock.schedule(random(RAISE_SPREAD_MS), () => {
      this.#cancels.delete(cancel);
      this.#raise(id);
    });
    this.#cancels.add(cancel);
  }

  #raise(id: string): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    const { document, self } = this.#options;
    if (document.read((doc) => doc.getMap(ALERTS).has(id))) return;
    const removed = document.read((doc) => surplusIn(doc, doc.getMap(ALERTS).size + 1 - ALERTS_MAX));
    const { kind, subject, text } = waiting.alert;
    const entry: AlertEntry = { kind, subject, text, raisedAtMs: waiting.raisedAtMs, raisedBy: peerIdText(self) };
    const isRaised =
      removed !== undefined &&
      document.edit(JSON.stringify(entry).length + id.length, this, (doc) => {
        removeAlerts(doc, removed);
        doc.getMap(ALERTS).set(id, entry);
      });
    if (!isRaised) this.#dropped++;
  }
}

/** The ids of `count` entries that can go; undefined when there are not so many. */
function surplusIn(doc: Y.Doc, count: number): readonly string[] | undefined {
  if (count <= 0) return [];
  const alerts = readAlerts(doc);
  const ids = new Set(alerts.map(({ id }) => id));
  const malformed = [...doc.getMap(ALERTS).keys()].filter((id) => !ids.has(id));
  return surplusOf(alerts, malformed, count);
}

/** What nobody can read goes first, then the oldest that was acknowledged. */
export function surplusOf(
  alerts: readonly AlertView[],
  malformed: readonly string[],
  count: number,
): readonly string[] | undefined {
  const done = alerts.filter(({ acknowledgement }) => acknowledgement !== null);
  const goes = [...malformed, ...done.sort((a, b) => a.raisedAtMs - b.raisedAtMs).map(({ id }) => id)];
  return goes.length < count ? undefined : goes.slice(0, count);
}

function removeAlerts(doc: Y.Doc, ids: readonly string[]): void {
  for (const id of ids) {
    doc.getMap(ALERTS).delete(id);
    doc.getMap(ACKNOWLEDGEMENTS).delete(id);
  }
}
