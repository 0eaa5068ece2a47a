/**
 * A validator of the reference beside a node, as a program of its own would be: it knows of nothing but the files and the
 * wall clock of its machine.
 *
 * Invariant: it writes whole files beside their place and renames them, and claims by the reference's rule, with nothing
 * between its look and its write to keep others out.
 */

import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blockId, ZERO_HASH, type BlockId, type BlockKey, type Hash32 } from '../../../crdt/ids.ts';
import { isFailure } from '../../../crdt/errors.ts';
import { pause, type RandomInteger } from '../../../net/clock.ts';
import type { DatadirLayout } from '../../datadir/layout.ts';
import { errnoOf } from '../../disk/errno.ts';
import { blockFileName, parseBlockFileName, temporaryName } from '../../files/file-names.ts';
import { isFreeForReference } from '../../files/reference-rule.ts';
import { decodeValidateFile, encodeValidateFile } from '../../files/validate-file.ts';
import type { ValidateInfo, ValidateStatus } from '../../files/validate-info.ts';
import { systemClock } from '../../node/machine.ts';

const LOOK_MS = 150;

export interface ReferenceProgramOptions {
  /** The machine that it runs on. */
  readonly node: { readonly layout: DatadirLayout; readonly clock: { readonly offsetMs: number } };
  readonly random: RandomInteger;
  readonly lockSeconds: number;
  readonly validationMs: (hash: Hash32) => number;
  /** What it finds; undefined for a block that it does not know. */
  readonly rootOf: (id: BlockId) => Hash32 | undefined;
}

export class ReferenceProgram {
  readonly #options: ReferenceProgramOptions;
  readonly #stopping = new AbortController();
  /** Not looked at again: `Success` is final. */
  readonly #finished = new Set<string>();
  #loop: Promise<void> | undefined;

  constructor(options: ReferenceProgramOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Resolves when it has written what it was at. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        const key = await this.#firstFree();
        if (key !== undefined) await this.#validate(key);
      } catch (error) {
        // A full disk or a damaged file stops no program for good: it looks again.
        if (!isFailure(error) && errnoOf(error) === undefined) throw error;
      }
      await pause(systemClock, LOOK_MS, this.#stopping.signal).catch(() => undefined);
    }
  }

  async #validate(key: BlockKey): Promise<void> {
    const { rootOf, validationMs, lockSeconds } = this.#options;
    const root = rootOf(blockId(key));
    if (root === undefined) return;
    await this.#write(key, 'Processing', ZERO_HASH, this.#nowSeconds() + BigInt(Math.ceil(lockSeconds)));
    await pause(systemClock, validationMs(key.hash));
    await this.#write(key, 'Success', root, 0n);
  }

  async #firstFree(): Promise<BlockKey | undefined> {
    const { node, random } = this.#options;
    const names = (await readdir(node.layout.witness)).filter((name) => !this.#finished.has(name));
    // From anywhere: programs that all begin with the oldest would only meet each other.
    const first = names.length === 0 ? 0 : random(names.length);
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const key = parseBlockFileName(name)?.key;
      if (key === undefined) continue;
      const info = await this.#read(key);
      if (info?.status === 'Success') this.#finished.add(name);
      else if (isFreeForReference(info, this.#nowSeconds())) return key;
    }
    return undefined;
  }

  async #read(key: BlockKey): Promise<ValidateInfo | undefined> {
    const name = blockFileName('validate', key);
    try {
      return decodeValidateFile(await readFile(join(this.#options.node.layout.validate, name)), name).info;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #write(key: BlockKey, status: ValidateStatus, stateRoot: Hash32, lockTimeSeconds: bigint): Promise<void> {
    const { node, random } = this.#options;
    const name = blockFileName('validate', key);
    const info = { status, blockHash: key.hash, blockNumber: key.number, stateRoot, lockTimeSeconds, blobIds: [] };
    const temporary = join(node.layout.validate, temporaryName(name, random));
    await writeFile(temporary, encodeValidateFile(info));
    await rename(temporary, join(node.layout.validate, name));
  }

  #nowSeconds(): bigint {
    return BigInt(Math.floor((systemClock.wallMs() + this.#options.node.clock.offsetMs) / 1_000));
  }
}
