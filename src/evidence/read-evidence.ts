/**
 * Reads evidence while it is being written, or after: all that is there, oldest first, and then what is added.
 *
 * Invariant: nothing of a line is believed before it was checked. A line that is no record (torn by a crash, or written by
 * another version) is counted and passed over. Memory holds one piece of each stream, whatever their length.
 */

import { join } from 'node:path';
import { isHash32 } from '../../crdt/ids.ts';
import type { Disk } from '../disk/disk.ts';
import { evidenceSchema, type EvidenceRecord, type EvidenceType } from './evidence-record.ts';
import {
  EVIDENCE_LINE_BYTES_MAX,
  EVIDENCE_STREAMS,
  segmentName,
  segmentNumbers,
  type EvidenceStream,
} from './limits.ts';

export interface EvidenceQuery {
  /** Unix milliseconds, by the clock of the node that wrote them. */
  readonly sinceMs?: number | undefined;
  /** Empty: all. */
  readonly types: readonly EvidenceType[];
  /** A block number, or `{number}.{0xhash}`. */
  readonly block?: string | undefined;
}

const PIECE_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

export class EvidenceReader {
  readonly #streams: readonly StreamReader[];
  readonly #query: EvidenceQuery;
  #passedOver = 0;

  constructor(disk: Pick<Disk, 'list' | 'readRange'>, directory: string, query: EvidenceQuery) {
    this.#streams = EVIDENCE_STREAMS.map((stream) => new StreamReader(disk, directory, stream));
    this.#query = query;
  }

  /** Lines that were no records. */
  get passedOver(): number {
    return this.#passedOver;
  }

  /** What is there and was not read yet. Call it again for what has been added since. */
  async *read(): AsyncGenerator<EvidenceRecord> {
    const heads = await Promise.all(this.#streams.map((stream) => this.#next(stream)));
    for (;;) {
      const at = earliest(heads);
      const record = heads[at];
      if (record === undefined) return;
      yield record;
      const stream = this.#streams[at];
      heads[at] = stream === undefined ? undefined : await this.#next(stream);
    }
  }

  async #next(stream: StreamReader): Promise<EvidenceRecord | undefined> {
    for (let line = await stream.next(); line !== undefined; line = await stream.next()) {
      const record = parseLine(line);
      if (record === undefined) this.#passedOver++;
      else if (matches(record, this.#query)) return record;
    }
    return undefined;
  }
}

/** The index of the record that was written first; with none left, of an empty place. */
function earliest(heads: readonly (EvidenceRecord | undefined)[]): number {
  let first = 0;
  for (const [at, head] of heads.entries()) {
    const known = heads[first];
    if (head !== undefined && (known === undefined || isBefore(head, known))) first = at;
  }
  return first;
}

/** Times are ISO 8601 in UTC with milliseconds, so text order is the order of time. */
function isBefore(a: EvidenceRecord, b: EvidenceRecord): boolean {
  return a.at === b.at ? a.sequence < b.sequence : a.at < b.at;
}

export function matches(record: EvidenceRecord, { sinceMs, types, block }: EvidenceQuery): boolean {
  if (sinceMs !== undefined && Date.parse(record.at) < sinceMs) return false;
  if (types.length > 0 && !types.includes(record.type)) return false;
  if (block === undefined) return true;
  if (typeof record['block'] !== 'string') return false;
  return record['block'] === block || record['block'].startsWith(`${block}.`);
}

const BLOCK_NUMBER_PATTERN = /^[0-9]{1,16}$/;

/** Whether `text` is a block number or `{number}.{0xhash}`. */
export function isBlockQuery(text: string): boolean {
  const [number = '', hash, ...rest] = text.split('.');
  return BLOCK_NUMBER_PATTERN.test(number) && rest.length === 0 && (hash === undefined || isHash32(hash));
}

function parseLine(line: Uint8Array): EvidenceRecord | undefined {
  try {
    const parsed = evidenceSchema.safeParse(JSON.parse(new TextDecoder().decode(line)));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The lines of one stream, in the order in which they were written. */
class StreamReader {
  readonly #disk: Pick<Disk, 'list' | 'readRange'>;
  readonly #directory: string;
  readonly #stream: EvidenceStream;
  /** The segment that is being read, and how far; 0: none yet. */
  #number = 0;
  #offset = 0;
  #piece: Uint8Array = new Uint8Array();
  /** Where in the piece the next line begins. */
  #lineStart = 0;

  constructor(disk: Pick<Disk, 'list' | 'readRange'>, directory: string, stream: EvidenceStream) {
    this.#disk = disk;
    this.#directory = directory;
    this.#stream = stream;
  }

  /** The next whole line; undefined when there is none now. */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const end = this.#piece.indexOf(NEWLINE, this.#lineStart);
      if (end !== -1) {
        const line = this.#piece.subarray(this.#lineStart, end);
        this.#lineStart = end + 1;
        return line;
      }
      if (!(await this.#readOn())) return undefined;
    }
  }

  /** Reads more of the segment, or begins the next one. False: there is nothing more now. */
  async #readOn(): Promise<boolean> {
    // Listed before the piece is read: once there is a next segment, this one grows no more.
    const numbers = segmentNumbers(await this.#disk.list(this.#directory), this.#stream);
    const following = numbers.find((number) => number > this.#number);
    const rest = this.#piece.subarray(this.#lineStart);
    const read = await this.#readPiece();
    this.#lineStart = 0;
    if (read.length > 0) {
      this.#offset += read.length;
      // What is longer than any line is none: only what follows it can be.
      this.#piece = rest.length > EVIDENCE_LINE_BYTES_MAX ? read : Buffer.concat([rest, read]);
      return true;
    }
    this.#piece = rest;
    if (following === undefined) return false;
    this.#number = following;
    this.#offset = 0;
    // A line that the last segment left unfinished was torn by a crash.
    this.#piece = new Uint8Array();
    return true;
  }

  async #readPiece(): Promise<Uint8Array> {
    if (this.#number === 0) return new Uint8Array();
    const path = join(this.#directory, segmentName({ stream: this.#stream, number: this.#number }));
    return (await this.#disk.readRange(path, this.#offset, PIECE_BYTES))?.bytes ?? new Uint8Array();
  }
}
