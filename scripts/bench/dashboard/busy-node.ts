/**
 * A node with its dashboard, kept busy: blocks are claimed and finished on it at a steady rate, each an update of the record,
 * of the `.v` on the disk and of what a page shows.
 */

import { recordOf } from '../../../crdt/block/record.ts';
import { blake3Hash } from '../../../crdt/hash.ts';
import type { BlockKey } from '../../../crdt/ids.ts';
import { pause } from '../../../net/clock.ts';
import { generateKey } from '../../../net/identity/identity.ts';
import { verifySignature } from '../../../net/identity/verify.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import { MemoryHub } from '../../../net/memory/hub.ts';
import { Author } from '../../../src/author/author.ts';
import { Dashboard } from '../../../src/dashboard/dashboard.ts';
import { datadirLayout } from '../../../src/datadir/layout.ts';
import { prepareDatadir } from '../../../src/datadir/prepare.ts';
import { NodeDisk } from '../../../src/disk/node-disk.ts';
import { randomInteger, systemClock } from '../../../src/node/machine.ts';
import type { DriftlockNode } from '../../../src/node/node.ts';
import { startRpcServer, type RpcServer } from '../../../src/rpc/server.ts';
import { testQueries } from '../../../test/rpc/queries.ts';
import { benchDirectory } from '../parts/bench-directory.ts';
import { BENCH_LOCK_TIME_MS, BENCH_SKEW_BOUND_MS, benchNode } from '../parts/bench-node.ts';

export const UPDATES_PER_SECOND = 1_000;
/** A claim, and its result. */
const UPDATES_A_BLOCK = 2;
const BLOCKS_PER_SECOND = UPDATES_PER_SECOND / UPDATES_A_BLOCK;
/** How long a block stays claimed, in blocks: a tenth of a second. */
const CLAIMED_BLOCKS = BLOCKS_PER_SECOND / 10;
const STEP_MS = 10;
const BLOCKS_A_STEP_MAX = (2 * STEP_MS * BLOCKS_PER_SECOND) / 1_000;

export class BusyNode {
  readonly #node: DriftlockNode;
  readonly #dashboard: Dashboard;
  readonly #server: RpcServer;
  readonly #author: Author;
  #blocks = 0;

  private constructor(node: DriftlockNode, dashboard: Dashboard, server: RpcServer, author: Author) {
    this.#node = node;
    this.#dashboard = dashboard;
    this.#server = server;
    this.#author = author;
  }

  static async start(): Promise<BusyNode> {
    const layout = datadirLayout(await benchDirectory());
    await prepareDatadir(new NodeDisk(), layout);
    const identity = generateKey();
    const members = new MemberList(identity.node, []);
    const network = new MemoryHub({ clock: systemClock, random: randomInteger }).join(members);
    let dashboard: Dashboard | undefined;
    const node = benchNode({
      layout,
      identity,
      members,
      network,
      onChanged: (key) => dashboard?.noteChange(key),
    });
    dashboard = await Dashboard.open({
      node,
      clock: systemClock,
      isReady: () => true,
      verify: verifySignature,
      sources: {
        node,
        self: identity.node,
        cluster: 'bench',
        region: '',
        datadir: layout.root,
        members: members.nodes(),
        validator: undefined,
        clock: systemClock,
        startedAtMs: 0,
        skewBoundMs: BENCH_SKEW_BOUND_MS,
        peers: () => network.peers(),
        addresses: () => [],
        document: () => ({ bytes: 0, alerts: 0, unacknowledged: 0, dropped: 0, clients: 0 }),
      },
    });
    const server = await startRpcServer({
      queries: testQueries(),
      listen: { host: '127.0.0.1', port: 0 },
      pages: dashboard.pages,
      sockets: dashboard.sockets,
      onDefect: (_method, error) => {
        throw error;
      },
    });
    await node.start();
    const author = new Author({ ...identity, clock: systemClock, skewBoundMs: BENCH_SKEW_BOUND_MS });
    return new BusyNode(node, dashboard, server, author);
  }

  get url(): string {
    return this.#server.url;
  }

  /** Updates for `durationMs`, steadily, as fast as the disk takes them at most. */
  async work(durationMs: number): Promise<void> {
    const startedAtMs = performance.now();
    let done = 0;
    for (let elapsedMs = 0; elapsedMs < durationMs; elapsedMs = performance.now() - startedAtMs) {
      const due = (elapsedMs / 1_000) * BLOCKS_PER_SECOND;
      // A machine that cannot keep up does less, and not all at once.
      for (const end = Math.min(due, done + BLOCKS_A_STEP_MAX); done < end; done++) this.#update();
      await pause(systemClock, STEP_MS);
      await this.#node.store.room();
    }
  }

  async stop(): Promise<void> {
    this.#dashboard.stop();
    await this.#server.close();
    await this.#node.stop();
  }

  #update(): void {
    const { store } = this.#node;
    const claimed = keyAt(this.#blocks++);
    store.merge(
      { key: claimed, record: recordOf({ lease: this.#author.claim(claimed, 1, BENCH_LOCK_TIME_MS) }) },
      'local',
    );
    const finished = this.#blocks - 1 - CLAIMED_BLOCKS;
    if (finished < 0) return;
    const key = keyAt(finished);
    void store.commit({ key, record: recordOf({ results: [this.#author.result(key, [], 'success', key.hash, 1)] }) });
  }
}

function keyAt(number: number): BlockKey {
  return { number, hash: blake3Hash(new TextEncoder().encode(`${number}`)) };
}
