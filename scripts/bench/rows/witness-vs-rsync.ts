/**
 * `witness-vs-rsync`: 10,000 witnesses of 14 kB until all are visible on the other side, against rsync over loopback.
 *
 * Ours: a node joins another that has them; it learns of them by reconciliation, fetches, verifies and syncs each one.
 * Theirs: an rsync daemon on loopback and `rsync --fsync` (3.2.4 and later), which gives the same durability; it neither
 * encrypts, nor verifies against anything but its own checksum, nor keeps records.
 */

import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { benchDirectory } from '../parts/bench-directory.ts';
import { freePort } from '../parts/free-port.ts';
import { BenchSkip, type BenchRow, type BenchWork } from '../row.ts';
import { BenchPeer, writeWitnesses } from '../witness/peers.ts';

const COUNT = 10_000;
const PAYLOAD_BYTES = 14_000;
/** How often it is asked whether all are there. */
const LOOK_EVERY_MS = 20;

export const witnessVsRsync: BenchRow = {
  id: 'witness-vs-rsync',
  what: '10,000 witnesses of 14 kB until all stand on the other side, synced, against rsync --fsync over loopback',
  unit: 'ms',
  ours: 'join, reconcile, fetch, verify, sync',
  against: 'rsync --fsync from a daemon',
  target: { kind: 'at-most', bound: 1 },
  pairs: 3,
  async prepare(): Promise<BenchWork> {
    requireRsync();
    const root = await benchDirectory();
    const source = join(root, 'holder');
    await writeWitnesses(source, COUNT, PAYLOAD_BYTES);
    const setup = { seeds: [1, 2], policy: { kind: 'full' } } as const;
    const holder = await BenchPeer.start({ ...setup, root: source, self: 0, dial: [] });
    const daemon = await startDaemon(root, join(source, 'witness'));
    let runs = 0;
    return {
      async ours() {
        const target = join(root, `node-${runs++}`);
        const dial = holder.addresses;
        const receiver = await BenchPeer.start({ ...setup, root: target, self: 1, dial, waits: true });
        const start = performance.now();
        await receiver.ask({ kind: 'join' });
        await receiver.reach('held', COUNT, LOOK_EVERY_MS);
        const elapsedMs = performance.now() - start;
        await receiver.stop();
        return elapsedMs;
      },
      async against() {
        const target = join(root, `rsync-${runs++}`);
        await mkdir(target);
        const start = performance.now();
        await promisify(execFile)('rsync', ['-a', '--fsync', `rsync://127.0.0.1:${daemon.port}/witness/`, target]);
        const elapsedMs = performance.now() - start;
        return elapsedMs;
      },
      async close() {
        daemon.process.kill();
        await holder.stop();
      },
    };
  },
};

async function startDaemon(root: string, path: string): Promise<{ process: ChildProcess; port: number }> {
  const port = await freePort();
  const config = join(root, 'rsyncd.conf');
  await writeFile(config, `use chroot = no\n[witness]\npath = ${path}\nread only = yes\nuid = root\ngid = root\n`);
  const options = ['--daemon', '--no-detach', `--config=${config}`, `--port=${port}`, '--address=127.0.0.1'];
  const process = spawn('rsync', options, { stdio: 'ignore' });
  // It answers once it listens.
  for (;;) {
    try {
      await promisify(execFile)('rsync', [`rsync://127.0.0.1:${port}/`]);
      return { process, port };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function requireRsync(): void {
  try {
    execFileSync('rsync', ['--version'], { stdio: 'ignore' });
  } catch (error) {
    throw new BenchSkip("rsync is not installed (Debian's rsync)", { cause: error });
  }
}
