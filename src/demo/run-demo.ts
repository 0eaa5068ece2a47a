/**
 * `driftlock demo`: a cluster on this machine, one process a node, each with its own directory. Every witness is dropped
 * into one directory only; the demo shows how all of them come to hold every block.
 *
 * Invariant: what it reports as converged was read from the nodes themselves, and the directories are left as they are.
 */

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../../net/clock.ts';
import { peerIdText } from '../../net/identity/peer-id.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { datadirLayout } from '../datadir/layout.ts';
import { lockDatadir } from '../datadir/lock.ts';
import { NodeDisk } from '../disk/node-disk.ts';
import { NodeKeyDisk } from '../identity/key-disk.ts';
import { loadIdentity } from '../identity/load-identity.ts';
import { systemClock } from '../node/machine.ts';
import type { StatusAnswer } from '../rpc/status-schema.ts';
import { hasConverged, missingFrom } from './convergence.ts';
import { dropWitness, feedFromFolder, feedFromGrownChain, type Feed } from './feed.ts';
import { makeFolder, requireFolder } from './folders.ts';
import { NodeProcess, type NodePlan } from './node-process.ts';
import type { DemoOptions } from './options.ts';
import { freePorts } from './ports.ts';
import { formatTable, LiveTable } from './table.ts';

export interface DemoSummary {
  readonly converged: boolean;
  readonly nodes: number;
  readonly blocks: number;
  /** Results of all nodes, duplicates included. */
  readonly validations: number;
  readonly duplicates: number;
  readonly seconds: number;
  readonly digests: readonly (string | null)[];
}

export interface DemoOutcome {
  readonly summary: DemoSummary;
  /** The directory with `node-1`, `node-2`, … */
  readonly dir: string;
  /** What is missing, a line each; empty when it converged. */
  readonly missing: readonly string[];
}

const POLL_MS = 200;
/** Between two witnesses: slow enough to watch, fast enough to overlap. */
const DROP_MS = 100;
const DROP_MS_ENDLESS = 500;
/** Blocks when the demo ends by itself and nobody said how many. */
const COUNT_DEFAULT = 16;
/** Short, so that what a killed node held is soon free again. */
const LOCK_TIME_SECONDS = 5;
/** Where there is no terminal to redraw. */
const REPEAT_MS = 2_000;

/** Runs until it has converged (if asked to), the time is over, or `signal` is aborted. */
export async function runDemo(
  options: DemoOptions,
  out: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream },
  signal: AbortSignal,
): Promise<DemoOutcome> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'driftlock-demo-')));
  await makeFolder(dir);
  const feed = await openFeed(options, dir);
  const nodes = (await planNodes(options.nodes, dir, feed.blocksDir)).map((plan) => new NodeProcess(plan));
  const say = options.json ? out.stderr : out.stdout;
  say.write(greeting(options, dir, nodes));
  for (const node of nodes) node.start();
  try {
    return await watchUntilDone(options, dir, feed, nodes, say, signal);
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

async function openFeed({ witnessDir, blocksDir, count, exitWhenConverged }: DemoOptions, dir: string): Promise<Feed> {
  if (witnessDir !== undefined && blocksDir !== undefined) {
    await requireFolder(witnessDir, '--witness');
    await requireFolder(blocksDir, '--blocks');
    return feedFromFolder(witnessDir, blocksDir, count);
  }
  return feedFromGrownChain(join(dir, 'blocks'), count ?? (exitWhenConverged ? COUNT_DEFAULT : undefined));
}

async function planNodes(count: number, dir: string, blocksDir: string): Promise<NodePlan[]> {
  const datadirs = Array.from({ length: count }, (_, at) => join(dir, `node-${at + 1}`));
  const peerIds: string[] = [];
  for (const datadir of datadirs) {
    const layout = datadirLayout(datadir);
    const { identity } = await loadIdentity(new NodeKeyDisk(), layout, process.pid);
    await makeFolder(layout.witness);
    // A second demo in the same place would only see its nodes fail, one after the other.
    (await lockDatadir({ disk: new NodeDisk(), layout, processId: process.pid })).release();
    peerIds.push(peerIdText(identity.node));
  }
  const ports = await freePorts(2 * count);
  const addresses = peerIds.map((peerId, at) => `/ip4/127.0.0.1/tcp/${ports[at] ?? 0}/p2p/${peerId}`);
  return datadirs.map((datadir, at) => ({
    name: `node-${at + 1}`,
    datadir,
    logFile: `${datadir}.log`,
    listenPort: ports[at] ?? 0,
    rpcPort: ports[count + at] ?? 0,
    runArguments: [
      ...addresses.filter((_, other) => other !== at).flatMap((address) => ['--peer', address]),
      '--validator',
      'linkage',
      '--api',
      blocksDir,
      '--lock-time',
      `${LOCK_TIME_SECONDS}`,
    ],
  }));
}

function greeting(options: DemoOptions, dir: string, nodes: readonly NodeProcess[]): string {
  const source =
    options.witnessDir === undefined
      ? 'a chain it grows itself (real headers)'
      : `the witnesses in ${options.witnessDir}`;
  return [
    `driftlock demo: ${nodes.length} nodes on this machine, ${source}.`,
    `Each .w is dropped into one directory; driftlock carries it to the others, shares the work and its results.`,
    `The validator is linkage: it checks headers and the chain of state roots, and executes nothing.`,
    `Directories and logs: ${dir}`,
    'What each node sees, live, in a browser (JSON-RPC answers at the same addresses):',
    ...nodes.map(({ plan, rpcUrl }) => `  ${plan.name}  ${rpcUrl.href}  ${plan.datadir}`),
    'Kill a node (kill -9 PID) and watch it come back. Ctrl-C ends the demo.',
    '',
    '',
  ].join('\n');
}

async function watchUntilDone(
  options: DemoOptions,
  dir: string,
  feed: Feed,
  nodes: readonly NodeProcess[],
  say: NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<DemoOutcome> {
  const startedAtMs = systemClock.monotonicMs();
  const live = say.isTTY ? new LiveTable(say) : undefined;
  const fed: BlockKey[] = [];
  const feeding = new AbortController();
  const fedAll = feedAll(feed, nodes, fed, options.exitWhenConverged, AbortSignal.any([signal, feeding.signal]));
  // It ends the demo at once, and is thrown where `fedAll` is awaited.
  let hasFeedFailed = false;
  fedAll.catch(() => (hasFeedFailed = true));
  const missing = (): Promise<string[]> => {
    const described = nodes.map(({ plan }, at) => ({ name: plan.name, datadir: plan.datadir, status: statuses[at] }));
    return missingFrom(described, fed, feed.total);
  };
  let shownAtMs = -Infinity;
  let statuses: (StatusAnswer | undefined)[] = [];
  let converged = false;
  let isProved = false;
  try {
    for (;;) {
      statuses = await Promise.all(nodes.map((node) => node.status()));
      const nowMs = systemClock.monotonicMs();
      const isComplete = feed.total !== undefined && fed.length === feed.total;
      converged = isComplete && hasConverged(statuses, feed.total ?? 0);
      // Once is enough: a Success is final.
      if (converged) converged = isProved ||= (await missing()).length === 0;
      const isOver = signal.aborted || hasFeedFailed || (converged && options.exitWhenConverged);
      const isLate = options.exitWhenConverged && nowMs - startedAtMs > options.timeoutSeconds * 1_000;
      if (!options.json || live !== undefined) {
        const rows = nodes.map((node, at) => ({
          name: node.plan.name,
          pid: node.pid,
          restarts: node.restarts,
          status: statuses[at],
        }));
        if (live !== undefined || isOver || isLate || nowMs - shownAtMs >= REPEAT_MS) {
          shownAtMs = nowMs;
          const lines = formatTable(rows, fed.length, say);
          if (live === undefined) say.write(`${lines.join('\n')}\n\n`);
          else live.draw([...lines, '', stateLine(feed, fed.length, converged)]);
        }
      }
      if (isOver || isLate) break;
      await pause(systemClock, POLL_MS, signal).catch(() => undefined);
    }
  } finally {
    feeding.abort();
    await fedAll;
  }
  const seconds = Math.round((systemClock.monotonicMs() - startedAtMs) / 10) / 100;
  const [first] = statuses;
  return {
    dir,
    missing: converged ? [] : await missing(),
    summary: {
      converged,
      nodes: nodes.length,
      blocks: fed.length,
      validations: first?.blocks.results ?? 0,
      duplicates: first?.blocks.duplicates ?? 0,
      seconds,
      digests: statuses.map((status) => status?.digest ?? null),
    },
  };
}

function stateLine(feed: Feed, fed: number, converged: boolean): string {
  if (converged) return `Converged: ${fed} blocks, every one Success on every node, one digest.`;
  return feed.total === undefined ? `${fed} blocks so far` : `${fed} of ${feed.total} blocks handed out`;
}

/** Hands the blocks out, in turn, once every node answers. */
async function feedAll(
  feed: Feed,
  nodes: readonly NodeProcess[],
  fed: BlockKey[],
  isHurried: boolean,
  signal: AbortSignal,
): Promise<void> {
  try {
    while (!(await allConnected(nodes))) await pause(systemClock, POLL_MS, signal);
    for await (const block of feed.blocks()) {
      const node = nodes[fed.length % nodes.length];
      if (node === undefined) return;
      await dropWitness(node.plan.datadir, block);
      fed.push(block.key);
      await pause(systemClock, feed.total === undefined && !isHurried ? DROP_MS_ENDLESS : DROP_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function allConnected(nodes: readonly NodeProcess[]): Promise<boolean> {
  const statuses = await Promise.all(nodes.map((node) => node.status()));
  return statuses.every((status) => status?.peers.every((peer) => peer.connected) === true);
}
