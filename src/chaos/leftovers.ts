/**
 * What a run leaves that was killed (SIGKILL, out of memory): its directory, file systems mounted below it, network
 * namespaces, and nodes that were paused and cannot end with their parent. The next run removes it.
 *
 * Invariant: nothing of a live run is touched, nor anything of another user, another boot or another pid namespace. A run is dead
 * when the process that its marker names is gone, or is another one by the time of its start. A run that ends by
 * itself takes its marker away, so what a failed scenario keeps stays.
 */

import { lstat, readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errnoOf } from '../disk/errno.ts';
import { Namespaces } from './fleet/namespaces.ts';
import { unmount } from './fleet/volume.ts';

export const RUN_DIRECTORY_PREFIX = 'driftlock-chaos-';
const MARKER = 'owner.json';

/** Who runs, so that no other process is taken for it. */
const ownerSchema = z.strictObject({
  pid: z.int().positive(),
  /** Clock ticks since the boot. */
  startTicks: z.string(),
  bootId: z.string(),
  pidNamespace: z.string(),
});

type Owner = z.infer<typeof ownerSchema>;

/** Says in `directory` that this process runs there; nothing where there is no /proc. Returns what takes the mark away. */
export async function markRun(directory: string): Promise<() => Promise<void>> {
  const owner = await ownerOf(process.pid);
  const marker = join(directory, MARKER);
  if (owner !== undefined) await writeFile(marker, JSON.stringify(owner), { flag: 'wx' });
  return () => rm(marker, { force: true });
}

/** Removes what dead runs have left in `parent` and on this machine; gives their directories. */
export async function removeLeftovers(parent: string): Promise<readonly string[]> {
  const self = await ownerOf(process.pid);
  if (self === undefined) return [];
  const removed: string[] = [];
  for (const name of await readdir(parent)) {
    const directory = join(parent, name);
    const owner = name.startsWith(RUN_DIRECTORY_PREFIX) ? await readOwner(directory) : undefined;
    if (owner === undefined || owner.bootId !== self.bootId || owner.pidNamespace !== self.pidNamespace) continue;
    if ((await ownerOf(owner.pid))?.startTicks === owner.startTicks) continue;
    await removeRun(directory, owner.pid);
    removed.push(directory);
  }
  return removed;
}

async function removeRun(directory: string, ownerPid: number): Promise<void> {
  for (const pid of await nodesOf(directory)) killIfThere(pid);
  for (const mount of await mountsBelow(await realpath(directory))) await unmount(mount);
  await Namespaces.removeOf(ownerPid);
  await rm(directory, { recursive: true, force: true });
}

/** Undefined for what is no directory of a run of this user. */
async function readOwner(directory: string): Promise<Owner | undefined> {
  const stats = await orUndefined(lstat(directory));
  if (stats?.isDirectory() !== true || stats.uid !== process.getuid?.()) return undefined;
  const text = await orUndefined(readFile(join(directory, MARKER), 'utf8'));
  if (text === undefined) return undefined;
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // Killed while it was written: before anything was made.
    return undefined;
  }
}

/** Undefined for a process that is not there, or only waits to be buried, and where there is no /proc. */
async function ownerOf(pid: number): Promise<Owner | undefined> {
  const stat = await orUndefined(readFile(`/proc/${pid}/stat`, 'utf8'));
  const bootId = await orUndefined(readFile('/proc/sys/kernel/random/boot_id', 'utf8'));
  const pidNamespace = await orUndefined(readlink('/proc/self/ns/pid'));
  // Behind the name of the program, which is in parentheses and can hold anything: the state is field 3, the start field 22.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields?.[0], fields?.[19]];
  if (startTicks === undefined || state === 'Z' || bootId === undefined || pidNamespace === undefined) return undefined;
  return { pid, startTicks, bootId: bootId.trim(), pidNamespace };
}

/** Processes that were started with a configuration in `directory`. */
async function nodesOf(directory: string): Promise<readonly number[]> {
  const pids: number[] = [];
  for (const name of await readdir('/proc')) {
    const args = /^[0-9]+$/.test(name) ? await orUndefined(readFile(`/proc/${name}/cmdline`, 'utf8')) : undefined;
    if (args?.split('\0').some((arg) => arg.startsWith(join(directory, 'node-')))) pids.push(Number(name));
  }
  return pids;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

/** Where file systems are mounted below `directory`. Its name has no character that the kernel would write in octal. */
async function mountsBelow(directory: string): Promise<readonly string[]> {
  const text = (await orUndefined(readFile('/proc/self/mountinfo', 'utf8'))) ?? '';
  const points = text.split('\n').map((line) => line.split(' ')[4] ?? '');
  return points.filter((point) => point.startsWith(`${directory}/`));
}

/** Undefined when it is not there, not any more, or not ours to read. */
async function orUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ESRCH', 'EACCES', 'EPERM'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
