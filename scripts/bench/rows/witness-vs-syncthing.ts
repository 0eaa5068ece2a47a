/**
 * `witness-vs-syncthing`, `witness-vs-syncthing-4`: 10,000 witnesses of 14 kB that appear in one directory, until all stand in
 * that of one receiver, or of each of four, against Syncthing.
 *
 * Both run and are linked before the files appear, all at once by rename, as generators write them; both watch the directory,
 * encrypt, verify what they receive, sync it, and give a file its name when it is whole.
 */

import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { benchDirectory } from '../parts/bench-directory.ts';
import { requireSyncthing, SyncthingCluster } from '../parts/syncthing.ts';
import type { BenchRow, BenchWork } from '../row.ts';
import { BenchPeer, writeWitnesses } from '../witness/peers.ts';

const COUNT = 10_000;
const PAYLOAD_BYTES = 14_000;
/** How often each receiver's directory is looked at. */
const LOOK_EVERY_MS = 20;

export const witnessVsSyncthing = rowFor('witness-vs-syncthing', 1);
export const witnessVsSyncthing4 = rowFor('witness-vs-syncthing-4', 4);

function rowFor(id: string, receivers: number): BenchRow {
  return {
    id,
    what: `10,000 new witnesses of 14 kB until all stand on ${receivers} other ${receivers === 1 ? 'node' : 'nodes'}, against Syncthing`,
    unit: 'ms',
    ours: 'announced by gossip, fetched, verified, synced',
    against: 'Syncthing, watcher on, its delay at the minimum, discovery and relays off',
    target: { kind: 'at-most', bound: 0.2 },
    pairs: 3,
    async prepare(): Promise<BenchWork> {
      requireSyncthing();
      const root = await benchDirectory();
      let runs = 0;
      const run = (way: (root: string, receivers: number) => Promise<number>): Promise<number> =>
        way(join(root, `${runs++}`), receivers);
      return {
        ours: () => run(timeOurs),
        against: () => run(timeSyncthing),
        close: () => Promise.resolve(),
      };
    },
  };
}

async function timeOurs(root: string, receivers: number): Promise<number> {
  const seeds = Array.from({ length: receivers + 1 }, (_, at) => at + 1);
  const peers: BenchPeer[] = [];
  for (const self of seeds.keys()) {
    const dial = peers.flatMap(({ addresses }) => addresses);
    peers.push(await BenchPeer.start({ root: join(root, `${self}`), seeds, self, dial, policy: { kind: 'full' } }));
  }
  for (const peer of peers) await peer.reach('linked', receivers);
  const folders = seeds.keys().map((self) => join(root, `${self}`, 'witness'));
  const elapsedMs = await timeUntilEverywhere(root, [...folders]);
  for (const peer of peers) await peer.stop();
  return elapsedMs;
}

async function timeSyncthing(root: string, receivers: number): Promise<number> {
  const cluster = await SyncthingCluster.start(root, receivers + 1);
  const elapsedMs = await timeUntilEverywhere(root, cluster.folders);
  await cluster.stop();
  return elapsedMs;
}

/** Milliseconds from when new witnesses begin to appear in the first folder until all stand in the others. */
async function timeUntilEverywhere(root: string, [first = '', ...others]: readonly string[]): Promise<number> {
  const staging = join(root, 'staging');
  await mkdir(staging);
  await writeWitnesses(staging, COUNT, PAYLOAD_BYTES);
  const made = join(staging, 'witness');
  const names = await readdir(made);
  const start = performance.now();
  for (const name of names) await rename(join(made, name), join(first, name));
  for (const folder of others) {
    while ((await readdir(folder)).filter((name) => name.endsWith('.w')).length < COUNT) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
  return performance.now() - start;
}
