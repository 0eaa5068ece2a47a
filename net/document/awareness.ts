/**
 * Who looks at the cluster document now: the awareness of y-protocols, as a table that is given the time. Its own class asks the
 * machine for time and sets timers; what is on the wire is the same.
 *
 * Invariants: of one client a higher clock wins, and at the same clock its leaving; who was silent for AWARENESS_TIMEOUT_MS has
 * left; the table never holds more than AWARENESS_CLIENTS_MAX clients, those that left included. A client that is not in the
 * table when it is full is left out.
 */

import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { AWARENESS_CLIENTS_MAX, AWARENESS_STATE_BYTES_MAX, AWARENESS_TIMEOUT_MS } from './limits.ts';

/** JSON object; null: the client has left. */
export type AwarenessState = Readonly<Record<string, unknown>> | null;

interface Entry {
  readonly clock: number;
  readonly state: AwarenessState;
  /** On the monotonic clock. */
  readonly heardAtMs: number;
}

interface Announced {
  readonly client: number;
  readonly clock: number;
  readonly state: AwarenessState;
}

export class AwarenessTable {
  readonly #entries = new Map<number, Entry>();

  /** Clients that are there, as Yjs client ids. */
  get present(): readonly number[] {
    return [...this.#entries].filter(([, { state }]) => state !== null).map(([client]) => client);
  }

  stateOf(client: number): AwarenessState {
    return this.#entries.get(client)?.state ?? null;
  }

  /** Says that `client`, which is this program's own, is there with `state`, or has left. */
  set(client: number, state: AwarenessState, nowMs: number): void {
    // From 1 on: y-protocols takes nothing at clock 0 of a client that it does not know.
    const clock = (this.#entries.get(client)?.clock ?? 0) + 1;
    this.#entries.set(client, { clock, state, heardAtMs: nowMs });
  }

  /**
   * Takes an update in, and returns the clients for which it said something new. `own`: who is not taken from others.
   * Throws `DecodeError`; then nothing was taken.
   */
  take(update: Uint8Array, nowMs: number, own?: number): readonly number[] {
    const news: number[] = [];
    for (const { client, clock, state } of decodeAwareness(update)) {
      const known = this.#entries.get(client);
      if (client === own) continue;
      if (known === undefined && this.#entries.size >= AWARENESS_CLIENTS_MAX) continue;
      const isNewer = known === undefined || clock > known.clock;
      const leaves = known !== undefined && clock === known.clock && state === null && known.state !== null;
      if (!isNewer && !leaves) continue;
      this.#entries.set(client, { clock, state, heardAtMs: nowMs });
      news.push(client);
    }
    return news;
  }

  /** Takes `clients` for gone, and returns those that were there. */
  leave(clients: Iterable<number>, nowMs: number): readonly number[] {
    const left: number[] = [];
    for (const client of clients) {
      const known = this.#entries.get(client);
      if (known === undefined || known.state === null) continue;
      this.#entries.set(client, { ...known, state: null, heardAtMs: nowMs });
      left.push(client);
    }
    return left;
  }

  /** Takes the silent ones for gone and returns them; forgets who left long ago. */
  expire(nowMs: number): readonly number[] {
    const silent: number[] = [];
    for (const [client, { state, heardAtMs }] of this.#entries) {
      if (nowMs - heardAtMs < AWARENESS_TIMEOUT_MS) continue;
      if (state === null) this.#entries.delete(client);
      else silent.push(client);
    }
    return this.leave(silent, nowMs);
  }

  /** What is known of `clients`, as an update. */
  encode(clients: Iterable<number>): Uint8Array {
    const known = [...clients].flatMap((client) => {
      const entry = this.#entries.get(client);
      return entry === undefined ? [] : [{ client, entry }];
    });
    const writer = new Writer().varint(known.length);
    for (const { client, entry } of known) {
      writer.varint(client).varint(entry.clock).text(JSON.stringify(entry.state));
    }
    return writer.finish();
  }
}

function decodeAwareness(update: Uint8Array): readonly Announced[] {
  const reader = new Reader(update);
  const count = reader.varint('awareness clients', AWARENESS_CLIENTS_MAX);
  const announced: Announced[] = [];
  for (let at = 0; at < count; at++) {
    const client = reader.varint('awareness client');
    const clock = reader.varint('awareness clock');
    announced.push({ client, clock, state: readState(reader) });
  }
  reader.end('awareness update');
  return announced;
}

function readState(reader: Reader): AwarenessState {
  const start = reader.offset;
  const text = reader.text('awareness state', AWARENESS_STATE_BYTES_MAX);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw reader.fail('ERR_BAD_TEXT', 'awareness state', 'JSON', `${text.length} characters that are not`, start);
  }
  if (value === null) return null;
  if (typeof value === 'object' && !Array.isArray(value)) return { ...value };
  throw reader.fail('ERR_BAD_ENUM', 'awareness state', 'an object or null', 'another JSON value', start);
}
