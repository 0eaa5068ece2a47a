/**
 * For chaos alone: a clock that is wrong and a disk that is full, in a real process. `driftlock chaos` starts its nodes with
 * `DRIFTLOCK_CHAOS` set to how wrong the clock is from the start, and sends what changes later over the IPC channel.
 *
 * Invariant: without the variable nothing here is ever in use.
 */

import { z } from 'zod';
import { DriftlockError } from '../../crdt/errors.ts';
import type { Clock } from '../../net/clock.ts';
import { DiskError, type FileIdentity, type Placement, type PlacementOutcome } from '../disk/disk.ts';
import { NodeDisk } from '../disk/node-disk.ts';
import { MachineClock } from '../sim/machine-clock.ts';

/** Name of the environment variable. */
export const CHAOS_VARIABLE = 'DRIFTLOCK_CHAOS';

const startSchema = z.strictObject({ wallOffsetMs: z.number(), driftRate: z.number().min(-0.5).max(0.5) });

/** What the clock of a process is from its start: how far off, and by which part it runs fast. */
export type InjectedClock = Readonly<z.infer<typeof startSchema>>;

const messageSchema = z.strictObject({
  driftlockChaos: z.strictObject({ stepWallMs: z.number(), isDiskFull: z.boolean() }).partial(),
});

/** Sent to a running node. */
export type InjectedMessage = Readonly<z.infer<typeof messageSchema>>;

export interface InjectedFaults {
  readonly clock: Clock;
  readonly disk: NodeDisk;
}

/** The faults that `environment` asks for; undefined without the variable. Throws `ERR_BAD_SETTING` that names it. */
export function injectedFaults(real: Clock, environment: NodeJS.ProcessEnv): InjectedFaults | undefined {
  const text = environment[CHAOS_VARIABLE];
  if (text === undefined || text === '') return undefined;
  const clock = new MachineClock(real, parseStart(text));
  const disk = new DiskThatFills();
  process.on('message', (message) => {
    const asked = messageSchema.safeParse(message).data?.driftlockChaos;
    if (asked?.stepWallMs !== undefined) clock.stepWall(asked.stepWallMs);
    if (asked?.isDiskFull !== undefined) disk.isFull = asked.isDiskFull;
  });
  return { clock, disk };
}

function parseStart(text: string): InjectedClock {
  try {
    return startSchema.parse(JSON.parse(text));
  } catch (cause) {
    const expected = '{"wallOffsetMs":…,"driftRate":…}';
    throw new DriftlockError('ERR_BAD_SETTING', { argument: CHAOS_VARIABLE, expected, found: text }, { cause });
  }
}

/** While it is full nothing that takes room succeeds; renames and removals do, as on a real one. */
export class DiskThatFills extends NodeDisk {
  isFull = false;

  override async create(path: string, bytes: Uint8Array, options: { readonly sync: boolean }): Promise<FileIdentity> {
    this.#checkRoom(path);
    return super.create(path, bytes, options);
  }

  override async writeAt(path: string, offset: number, ...parts: readonly Uint8Array[]): Promise<void> {
    this.#checkRoom(path);
    return super.writeAt(path, offset, ...parts);
  }

  override async append(path: string, bytes: Uint8Array): Promise<void> {
    this.#checkRoom(path);
    return super.append(path, bytes);
  }

  override async makeDirectory(directory: string): Promise<void> {
    this.#checkRoom(directory);
    return super.makeDirectory(directory);
  }

  override async place(
    batch: readonly Placement[],
    options: { readonly sync: boolean },
  ): Promise<readonly PlacementOutcome[]> {
    return this.isFull ? batch.map(({ temporary }) => ({ failure: noRoom(temporary) })) : super.place(batch, options);
  }

  #checkRoom(path: string): void {
    if (this.isFull) throw noRoom(path);
  }
}

function noRoom(path: string): DiskError {
  const detail = { argument: path, expected: 'room on the file system', found: 'an injected ENOSPC' };
  return new DiskError('ERR_NO_SPACE', detail);
}
