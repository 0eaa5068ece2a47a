/**
 * Which source is asked for which chunk of a payload, and when a slow one is overtaken.
 *
 * Invariants: pure, time is given. A chunk is asked of one source, of a second one only when the first has kept it for
 * `OVERTAKE_MS` and nothing else is left to ask for. What one source failed at is asked of another, never of it again.
 */

/** How long a chunk may be under way before another source that has nothing to do is asked for it too. */
export const OVERTAKE_MS = 1_000;
/** Sources that are asked for one chunk at a time. */
const SOURCES_PER_CHUNK_MAX = 2;

interface Asked<Source> {
  readonly source: Source;
  readonly sinceMs: number;
}

export class ChunkSchedule<Source> {
  /** Chunks that are missing, each with whom it is asked of now. */
  readonly #missing = new Map<number, Asked<Source>[]>();
  /** All below it were asked for once. */
  #nextFresh = 0;
  readonly #chunkCount: number;

  /** `has` tells which chunks are there already. */
  constructor(chunkCount: number, has: (index: number) => boolean) {
    this.#chunkCount = chunkCount;
    for (let index = 0; index < chunkCount; index++) if (!has(index)) this.#missing.set(index, []);
  }

  get isComplete(): boolean {
    return this.#missing.size === 0;
  }

  /** The chunk to ask `source` for now, which is noted; undefined when there is none for it. */
  next(source: Source, nowMs: number): number | undefined {
    const index = this.#fresh() ?? this.#released() ?? this.#overdue(source, nowMs);
    if (index !== undefined) this.#missing.get(index)?.push({ source, sinceMs: nowMs });
    return index;
  }

  /** A chunk has come and is good. Tells whether it was missing still. */
  done(index: number): boolean {
    return this.#missing.delete(index);
  }

  /** `source` is asked for nothing any more: what it was asked for is free. */
  drop(source: Source): void {
    for (const [index, asked] of this.#missing) {
      const left = asked.filter((each) => each.source !== source);
      if (left.length < asked.length) this.#missing.set(index, left);
    }
  }

  #fresh(): number | undefined {
    while (this.#nextFresh < this.#chunkCount) {
      const index = this.#nextFresh++;
      if (this.#missing.has(index)) return index;
    }
    return undefined;
  }

  /** Asked for once, but of nobody now. */
  #released(): number | undefined {
    for (const [index, asked] of this.#missing) if (asked.length === 0) return index;
    return undefined;
  }

  #overdue(source: Source, nowMs: number): number | undefined {
    let oldest: { index: number; sinceMs: number } | undefined;
    for (const [index, asked] of this.#missing) {
      const [first] = asked;
      if (first === undefined || asked.length >= SOURCES_PER_CHUNK_MAX || first.source === source) continue;
      if (nowMs - first.sinceMs < OVERTAKE_MS) continue;
      if (oldest === undefined || first.sinceMs < oldest.sinceMs) oldest = { index, sinceMs: first.sinceMs };
    }
    return oldest?.index;
  }
}
