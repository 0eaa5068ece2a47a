/**
 * The node that repairs a data directory: the one that runs on it, asked through its RPC server, or one that is started for as
 * long as it takes.
 *
 * Invariant: at no time do two nodes work on one directory: a node is started only under the directory's lock.
 */

import type { BlockKey } from '../../../crdt/ids.ts';
import type { Clock } from '../../../net/clock.ts';
import { isFailure } from '../../../crdt/errors.ts';
import type { NodeConfig } from '../../config/node-config.ts';
import { KEEP_ALL } from '../../node/housekeeping-settings.ts';
import { fetchStatus, rereadBlocks, rereadContracts } from '../../rpc/client.ts';
import { UsageError } from '../exit-codes.ts';
import type { RepairNode } from './repair.ts';

export interface RepairSession extends RepairNode, AsyncDisposable {}

/** Beyond any chain: a node that only repairs archives nothing. */
const NEVER_BLOCKS = Number.MAX_SAFE_INTEGER;

/**
 * `config`: of the directory. Throws what `runNode` throws, what the RPC client throws when a node runs on the directory and
 * cannot be asked at `rpc`, and a `UsageError` when another node answers there.
 */
export async function openRepairNode(config: NodeConfig, rpc: URL, clock: Clock): Promise<RepairSession> {
  try {
    return await startNode(config);
  } catch (error) {
    if (!isFailure(error, 'ERR_DATADIR_IN_USE')) throw error;
    return askNode(config.datadir, rpc, clock);
  }
}

async function startNode(config: NodeConfig): Promise<RepairSession> {
  const { windowFrom } = config.housekeeping;
  const quiet: NodeConfig = {
    ...config,
    rpc: undefined,
    validator: { kind: 'none' },
    reserveMs: undefined,
    housekeeping: { ...KEEP_ALL, archiveAfterBlocks: NEVER_BLOCKS, windowFrom },
  };
  const { runNode } = await import('../../node/run-node.ts');
  const node = await runNode(quiet, { onEvent: () => undefined, onRpcDefect: () => undefined });
  return {
    hasPeers: config.peers.length > 0 || config.members.length > 0,
    reread: (keys: readonly BlockKey[]) => Promise.all(keys.map((key) => node.reread(key))),
    rereadContracts: () => node.rereadContracts(),
    [Symbol.asyncDispose]: () => node.stop(),
  };
}

async function askNode(datadir: string, rpc: URL, clock: Clock): Promise<RepairSession> {
  const status = await fetchStatus(rpc, clock);
  if (status.datadir !== datadir) {
    throw new UsageError('--rpc', `the node on ${datadir}, which is running`, `the node on ${status.datadir}`);
  }
  return {
    hasPeers: status.peers.length > 0,
    reread: (keys: readonly BlockKey[]) => rereadBlocks(rpc, clock, keys),
    rereadContracts: () => rereadContracts(rpc, clock),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
