/**
 * Clusters of `driftlock run` processes on loopback, each on a directory of its own.
 *
 * Invariant: nodes listen on ports that the system chose, and a node that starts dials those that are running, so no test
 * takes a port that another program may have taken first.
 */

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blockId, type BlockKey } from '../../crdt/ids.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import type { Settings } from '../../src/config/settings.ts';
import { datadirLayout, type DatadirLayout } from '../../src/datadir/layout.ts';
import { NodeKeyDisk } from '../../src/identity/key-disk.ts';
import { loadIdentity } from '../../src/identity/load-identity.ts';
import { systemClock } from '../../src/node/machine.ts';
import { fetchStatus } from '../../src/rpc/client.ts';
import type { StatusAnswer } from '../../src/rpc/status-schema.ts';
import { DriftlockProcess, endProcesses, type ProcessEnd } from './processes.ts';
import { until } from './until.ts';

/** Quicker than the defaults where a test would only wait. */
const QUICK: Settings = { heartbeatMs: 200, rankStepMs: 1_000, scanIntervalMs: 500, lockTimeSeconds: 2 };

const READY_LINE = /^driftlock (?<peerId>\S+) on (?<addresses>.*), rpc (?<rpc>http:\S+)$/m;

export class ClusterNode {
  readonly layout: DatadirLayout;
  readonly peerId: string;
  readonly settings: Settings;
  addresses: readonly string[] = [];
  #process: DriftlockProcess | undefined;
  #rpcUrl: URL | undefined;

  constructor(layout: DatadirLayout, peerId: string, settings: Settings) {
    this.layout = layout;
    this.peerId = peerId;
    this.settings = settings;
  }

  get isRunning(): boolean {
    return this.#process?.isRunning === true;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves once the node has said that it is ready and answers. */
  async start(flags: readonly string[]): Promise<void> {
    const configFile = `${this.layout.root}.json`;
    await writeFile(configFile, JSON.stringify({ ...QUICK, ...this.settings }));
    const args = ['run', '--datadir', this.layout.root, '--config', configFile, '--rpc', '127.0.0.1:0', ...flags];
    const started = new DriftlockProcess(args);
    this.#process = started;
    const ready = await until(`${this.layout.root} is ready`, () => {
      if (!started.isRunning) throw new Error(`it ended: ${started.stderr}`);
      return READY_LINE.exec(started.stdout)?.groups;
    });
    assert.equal(ready['peerId'], this.peerId);
    this.addresses = (ready['addresses'] ?? '').split(' ');
    this.#rpcUrl = new URL(ready['rpc'] ?? '');
    await this.status();
  }

  async stop(): Promise<ProcessEnd> {
    assert.ok(this.#process !== undefined, 'it was started');
    return this.#process.stop();
  }

  async kill(): Promise<ProcessEnd> {
    assert.ok(this.#process !== undefined, 'it was started');
    return this.#process.kill();
  }

  status(): Promise<StatusAnswer> {
    return fetchStatus(this.rpcUrl, systemClock);
  }

  /** The JSON that answers `request`, of which nothing was checked. */
  async rpc(request: unknown): Promise<unknown> {
    const body = typeof request === 'string' ? request : JSON.stringify(request);
    const response = await fetch(this.rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    assert.equal(response.status, 200);
    return response.json();
  }

  validatePath(key: BlockKey): string {
    return join(this.layout.validate, `${blockId(key)}.v`);
  }

  witnessPath(key: BlockKey): string {
    return join(this.layout.witness, `${blockId(key)}.w`);
  }

  get rpcUrl(): URL {
    assert.ok(this.#rpcUrl !== undefined, 'it was started');
    return this.#rpcUrl;
  }
}

export class Cluster {
  readonly folder: string;
  readonly nodes: readonly ClusterNode[];

  private constructor(folder: string, nodes: readonly ClusterNode[]) {
    this.folder = folder;
    this.nodes = nodes;
  }

  /** Directories with a key each; nothing runs yet. */
  static async create(count: number, settings: Settings): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), 'driftlock-cluster-'));
    const nodes: ClusterNode[] = [];
    for (let at = 1; at <= count; at++) {
      const layout = datadirLayout(join(folder, `node-${at}`));
      const { identity } = await loadIdentity(new NodeKeyDisk(), layout, process.pid);
      await mkdir(layout.validate);
      await mkdir(layout.witness);
      nodes.push(new ClusterNode(layout, peerIdText(identity.node), settings));
    }
    return new Cluster(folder, nodes);
  }

  node(at: number): ClusterNode {
    const found = this.nodes[at];
    assert.ok(found !== undefined, `a cluster of ${this.nodes.length}`);
    return found;
  }

  get running(): readonly ClusterNode[] {
    return this.nodes.filter((node) => node.isRunning);
  }

  /** One after the other, then until all of them are connected. */
  async start(...nodes: readonly ClusterNode[]): Promise<void> {
    for (const node of nodes) {
      const peers = this.running.flatMap(({ addresses }) => addresses.flatMap((address) => ['--peer', address]));
      const members = this.nodes.filter((other) => other !== node).flatMap(({ peerId }) => ['--member', peerId]);
      await node.start([...peers, ...members]);
    }
    await until('all running nodes are connected', async () => {
      const statuses = await Promise.all(this.running.map((node) => node.status()));
      return statuses.every(({ peers }) => peers.filter((peer) => peer.connected).length === statuses.length - 1);
    });
  }

  /** Resolves once every running node has `blocks` blocks, all Success, with their witnesses, and one digest. */
  async converged(blocks: number): Promise<string> {
    return until(`${blocks} blocks are Success on every running node`, async () => {
      const statuses = await Promise.all(this.running.map((node) => node.status()));
      const digests = new Set(statuses.map(({ digest }) => digest));
      const isDone = statuses.every(
        (status) =>
          status.blocks.total === blocks &&
          status.blocks.success === blocks &&
          status.witnesses.held === blocks &&
          status.files.pending === 0,
      );
      if (isDone && digests.size === 1) return [...digests][0];
      throw new Error(JSON.stringify(statuses.map(({ blocks: b, witnesses, files }) => ({ b, witnesses, files }))));
    });
  }

  async remove(): Promise<void> {
    await endProcesses();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The files of `directory` by name. */
export async function filesIn(directory: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(directory)).sort();
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const)));
}

/** The `.v` and `.w` files of all nodes are the same, name by name and byte by byte. */
export async function assertSameFiles(layouts: readonly DatadirLayout[]): Promise<void> {
  for (const kind of ['validate', 'witness'] as const) {
    const [first, ...others] = await Promise.all(layouts.map((layout) => filesIn(layout[kind])));
    for (const other of others) assert.deepEqual(other, first);
  }
}
