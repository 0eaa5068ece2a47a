/**
 * Takes rotten lines out of `contracts.txt` and remembers which contracts were lost with them, until peers have brought them
 * back: see `contract-sync.ts`.
 *
 * Invariants: a line is in quarantine before it is overwritten, and overwritten only where it still stands. A torn last line is
 * touched only after it has stayed as it is for `SETTLE_MS`: a program may be in the middle of writing it.
 */

import { equalBytes } from '../../crdt/bytes.ts';
import { DriftlockError } from '../../crdt/errors.ts';
import type { Hash32 } from '../../crdt/ids.ts';
import { pause, type Clock } from '../../net/clock.ts';
import type { Quarantine } from '../datadir/quarantine.ts';
import { sameFile, type Disk } from '../disk/disk.ts';
import { possibleHashes } from '../files/contract-line.ts';
import { parseContracts } from '../files/contracts.ts';
import { repairOf } from '../files/contracts-repair.ts';
import { SETTLE_MS } from '../intake/settled-read.ts';
import type { ContractBook } from './contract-book.ts';
import { wholeLines, type Lines } from './whole-lines.ts';

export interface ContractRepairOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly path: string;
  readonly quarantine: Pick<Quarantine, 'keep'>;
  readonly book: ContractBook;
  readonly onEvent: (event: ContractRepairEvent) => void;
}

export type ContractRepairEvent = {
  readonly type: 'contracts-repaired';
  readonly file: string;
  readonly lines: number;
};

/** What a look at the file came to. */
export interface ContractsFound {
  /** Rotten lines that were taken out. */
  readonly removed: number;
  /** Contracts that were lost with rotten lines since the start and are not back. */
  readonly missing: number;
}

/** Lines whose contracts are waited for; of those beyond, nobody says whether they came back. */
export const LOST_MAX = 65_536;

export class ContractRepair {
  readonly #options: ContractRepairOptions;
  /** Of each rotten line, the contracts that it can have been. */
  #lost: (readonly Hash32[])[] = [];

  constructor(options: ContractRepairOptions) {
    this.#options = options;
  }

  /** Reads all of the file. Throws `DiskError`. */
  async look(): Promise<ContractsFound> {
    const { book, path, onEvent } = this.#options;
    const removed = await book.exclusively(() => this.#repair());
    if (removed > 0) onEvent({ type: 'contracts-repaired', file: path, lines: removed });
    this.#lost = this.#lost.filter((contracts) => !contracts.some((contract) => book.has(contract)));
    return { removed, missing: this.#lost.length };
  }

  async #repair(): Promise<number> {
    const { disk, clock, path } = this.#options;
    let [removed, endOffset] = [0, 0];
    const sizeBytes = (await disk.identify(path))?.sizeBytes ?? 0;
    for await (const lines of wholeLines(disk, path, 0, sizeBytes)) {
      removed += await this.#putRight(lines);
      endOffset = lines.offset + lines.bytes.length;
      await pause(clock, 0);
    }
    const tail = await this.#settledTail(endOffset);
    return tail === undefined ? removed : removed + (await this.#putRight(tail));
  }

  /** What stands behind the last newline and does not change; undefined when nothing does. */
  async #settledTail(offset: number): Promise<Lines | undefined> {
    const { disk, clock, path } = this.#options;
    const before = await disk.identify(path);
    if (before === undefined || before.sizeBytes <= offset) return undefined;
    await pause(clock, SETTLE_MS);
    const content = await disk.readRange(path, offset, before.sizeBytes - offset);
    return content === undefined || !sameFile(content.identity, before) ? undefined : { offset, bytes: content.bytes };
  }

  async #putRight({ offset, bytes }: Lines): Promise<number> {
    const { disk, path, quarantine } = this.#options;
    // In another file that has taken the place of the one that was read, lines begin elsewhere.
    if (offset > 0 && !(await this.#stillStands(offset - 1, END_OF_LINE))) return 0;
    const contracts = parseContracts(bytes, path);
    const { rotten, overwrites, append } = repairOf(bytes, contracts);
    if (rotten.length > 0) {
      const [first] = contracts.bad;
      const torn = { argument: path, expected: 'whole lines', found: 'a torn last one' };
      const error =
        first === undefined ? new DriftlockError('ERR_TORN_LINE', torn) : { code: first.code, message: first.reason };
      await quarantine.keep(path, error, Buffer.concat(rotten.flatMap((line) => [line, END_OF_LINE])));
    }
    // What moves is there twice for a moment, and never nowhere.
    if (append.length > 0) await disk.append(path, append);
    let removed = 0;
    for (const [at, overwrite] of overwrites.entries()) {
      const line = bytes.subarray(overwrite.offset, overwrite.offset + overwrite.bytes.length);
      if (!(await this.#stillStands(offset + overwrite.offset, line))) continue;
      await disk.writeAt(path, offset + overwrite.offset, overwrite.bytes);
      if (at >= rotten.length) continue;
      removed++;
      this.#note(possibleHashes(line));
    }
    if (overwrites.length > 0) await disk.syncFile(path);
    return removed;
  }

  /** Another program may have put another file in its place. */
  async #stillStands(offset: number, bytes: Uint8Array): Promise<boolean> {
    const content = await this.#options.disk.readRange(this.#options.path, offset, bytes.length);
    return content !== undefined && equalBytes(content.bytes, bytes);
  }

  #note(contracts: readonly Hash32[]): void {
    if (contracts.length > 0 && this.#lost.length < LOST_MAX) this.#lost.push(contracts);
  }
}

const END_OF_LINE = Uint8Array.of(0x0a);
