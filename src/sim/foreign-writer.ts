/**
 * A validator of the reference beside a node: it knows of nothing but the files, and of the wall clock of its machine.
 *
 * Invariant: its rule is the reference's: a block with a complete witness whose `.v` is missing, `Idle`, `Failed` or
 * `Processing` with a lock time in the past is claimed by writing `Processing` and a lock time, validated, and written as
 * `Success` or `Failed`. It looks first and writes then, with nothing in between to keep others out.
 */

import { blockId, ZERO_HASH, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import { pause, type RandomInteger } from '../../net/clock.ts';
import { isFailure } from '../../crdt/errors.ts';
import { parseBlockFileName } from '../files/file-names.ts';
import { decodeValidateFile, encodeValidateFile, VALIDATE_FILE_BYTES_MAX } from '../files/validate-file.ts';
import type { ValidateInfo, ValidateStatus } from '../files/validate-info.ts';
import { isFreeForReference } from '../files/reference-rule.ts';
import { filePaths } from '../node/file-paths.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';
import { writeAsReference } from './workload.ts';
import { shortBlock } from './event-line.ts';

/** Between two looks at the directory. */
const LOOK_MS = 700;

export class ForeignWriter {
  readonly #world: World;
  readonly #machine: Machine;
  readonly #random: RandomInteger;
  #isStopped = false;
  #isWorking = false;

  constructor(world: World, machine: Machine) {
    this.#world = world;
    this.#machine = machine;
    this.#random = world.randomFor(`foreign writer ${machine.index}`);
  }

  start(): void {
    if (this.#isStopped) return;
    this.#world.time.schedule(LOOK_MS, () => this.start());
    if (this.#isWorking || this.#machine.state !== 'running' || this.#machine.clock.isPaused) return;
    this.#isWorking = true;
    void this.#machine
      .runProgram(() => this.#work())
      .catch((error: unknown) => {
        if (!isFailure(error)) throw error;
        this.#world.trace.note(this.#machine.name, `the foreign program fails: ${error.message}`);
      })
      .finally(() => (this.#isWorking = false));
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #work(): Promise<void> {
    const { disk, clock, layout, name } = this.#machine;
    const witnesses = (await disk.list(layout.witness)).flatMap((file) => parseBlockFileName(file)?.key ?? []);
    const key = await this.#firstClaimable(witnesses);
    if (key === undefined) return;
    const lockTimeSeconds = BigInt(Math.floor((clock.wallMs() + this.#world.settings.lockTimeMs) / 1_000));
    await this.#write(key, 'Processing', ZERO_HASH, lockTimeSeconds);
    await pause(clock, this.#world.findings.validationMs(key));
    const outcome = this.#world.findings.find(`the program on ${name}`, key);
    if (outcome.kind === 'error') return;
    const root = outcome.stateRoot ?? ZERO_HASH;
    await this.#write(key, outcome.kind === 'success' ? 'Success' : 'Failed', root, 0n);
  }

  async #firstClaimable(witnesses: readonly BlockKey[]): Promise<BlockKey | undefined> {
    for (const key of witnesses) {
      const info = await this.#read(key);
      const nowSeconds = BigInt(Math.floor(this.#machine.clock.wallMs() / 1_000));
      if (isFreeForReference(info, nowSeconds)) return key;
    }
    return undefined;
  }

  async #read(key: BlockKey): Promise<ValidateInfo | undefined> {
    const { disk, layout } = this.#machine;
    const content = await disk.read(filePaths(layout).validate(key), VALIDATE_FILE_BYTES_MAX);
    if (content === undefined) return undefined;
    return decodeValidateFile(content.bytes, `${blockId(key)}.v`).info;
  }

  async #write(key: BlockKey, status: ValidateStatus, stateRoot: Hash32, lockTimeSeconds: bigint): Promise<void> {
    const machine = this.#machine;
    const path = filePaths(machine.layout).validate(key);
    const bytes = encodeValidateFile({
      status,
      blockHash: key.hash,
      blockNumber: key.number,
      stateRoot,
      lockTimeSeconds,
      blobIds: [],
    });
    const old = await machine.disk.read(path, VALIDATE_FILE_BYTES_MAX);
    this.#world.trace.note(machine.name, `the foreign program writes ${status} for ${shortBlock(key)}`);
    machine.tamperedWith.add(blockId(key));
    if (old !== undefined && this.#random(2) === 0) {
      // Over the beginning of the file, without cutting it short: the trailer behind belongs to another state now.
      machine.disk.overwrite(path, Buffer.concat([bytes, old.bytes.subarray(bytes.length)]));
    } else {
      await writeAsReference(machine, path, bytes);
    }
  }
}
