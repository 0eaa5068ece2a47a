/** Waiting for what the nodes say: that they are connected, that their digests are the same, that all is finished. */

import { pause } from '../../../net/clock.ts';
import { systemClock } from '../../node/machine.ts';
import type { StatusAnswer } from '../../rpc/status-schema.ts';
import type { ChaosNode } from '../fleet/chaos-node.ts';

/** Also how exact a measured time is: a status costs a node a millisecond, which others are measured by. */
const POLL_MS = 100;

/** Milliseconds until `holds` of all nodes at once, or undefined when `signal` was aborted or `limitMs` passed first. */
async function untilAll(
  nodes: readonly ChaosNode[],
  limitMs: number,
  signal: AbortSignal,
  holds: (statuses: readonly StatusAnswer[]) => boolean,
): Promise<number | undefined> {
  const startedAtMs = systemClock.monotonicMs();
  for (;;) {
    const statuses = await Promise.all(nodes.map(({ daemon }) => daemon.status()));
    const tookMs = systemClock.monotonicMs() - startedAtMs;
    const answered = statuses.filter((status) => status !== undefined);
    if (answered.length === nodes.length && holds(answered)) return tookMs;
    if (tookMs > limitMs || signal.aborted) return undefined;
    await pause(systemClock, POLL_MS, signal).catch(() => undefined);
  }
}

export function untilConnected(
  nodes: readonly ChaosNode[],
  limitMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  return untilAll(nodes, limitMs, signal, (statuses) =>
    statuses.every(({ peers }) => peers.filter((peer) => peer.connected).length >= nodes.length - 1),
  );
}

export function untilOneDigest(
  nodes: readonly ChaosNode[],
  limitMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  return untilAll(nodes, limitMs, signal, haveOneDigest);
}

/** Every node has `blocks` blocks as Success and `witnesses` witnesses, nothing left to write, and the digest of the others. */
export function untilFinished(
  nodes: readonly ChaosNode[],
  { blocks, witnesses }: { readonly blocks: number; readonly witnesses: number },
  limitMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  return untilAll(
    nodes,
    limitMs,
    signal,
    (statuses) =>
      haveOneDigest(statuses) &&
      statuses.every(
        (status) => status.blocks.success >= blocks && status.witnesses.held >= witnesses && status.files.pending === 0,
      ),
  );
}

function haveOneDigest(statuses: readonly StatusAnswer[]): boolean {
  return statuses.every(({ digest }) => digest === statuses[0]?.digest);
}
