/**
 * All that a run needs before it begins: the chain and its endpoint, directories with what was there before, the nodes, the
 * proxies or namespaces between them, programs beside them. Nothing runs yet.
 *
 * Invariant: `close` ends and gives back everything, in reverse order, whether the run came to its end or not.
 */

import type { Hash32 } from '../../crdt/ids.ts';
import { makeFleet, type Fleet } from './fleet/fleet.ts';
import { Namespaces } from './fleet/namespaces.ts';
import { Ledger } from './observe/ledger.ts';
import { Observer } from './observe/observer.ts';
import { makePrograms, type Programs } from './programs/make-programs.ts';
import type { Scenario } from './scenario/scenario.ts';
import { schedule, type Strike } from './scenario/schedule.ts';
import { KnownBlocks } from './workload/blocks.ts';
import { ChainServer, validationTimeOf } from './workload/chain-server.ts';
import { writeContracts } from './workload/contracts.ts';
import { Feed } from './workload/feed.ts';
import { writeFinished } from './workload/finished-before.ts';

export interface RunPlan {
  readonly scenario: Scenario;
  readonly nodes: number;
  readonly seed: number;
  readonly seconds: number;
  readonly directory: string;
}

export interface Stage {
  readonly strikes: readonly Strike[];
  readonly fleet: Fleet;
  readonly blocks: KnownBlocks;
  readonly contracts: ReadonlySet<Hash32>;
  readonly feed: Feed;
  readonly programs: Programs;
  readonly ledger: Ledger;
  readonly observer: Observer;
  /** With `keep`, what was mounted is copied first. */
  close(keep: boolean): Promise<void>;
}

export async function setStage({ scenario, nodes, seed, seconds, directory }: RunPlan): Promise<Stage> {
  const { workload, start } = scenario;
  const undo: ((keep: boolean) => Promise<void>)[] = [];
  const close = async (keep: boolean): Promise<void> => {
    const last = undo.pop();
    if (last === undefined) return;
    try {
      await last(keep);
    } finally {
      // What fails to be given back must not keep the rest.
      await close(keep);
    }
  };
  try {
    const strikes = schedule(scenario, seed, nodes, seconds);
    const namespaces = start?.network === 'namespaces' ? await Namespaces.make(nodes) : undefined;
    if (namespaces !== undefined) undo.push(() => namespaces.remove());
    const chain = new ChainServer((hash) => validationTimeOf(hash, workload.validationMs));
    const chainUrl = await chain.listen(namespaces?.hostAddress ?? '127.0.0.1');
    undo.push(() => chain.close());
    const blocks = new KnownBlocks(seed, workload.hashesPerNumber ?? 1);
    chain.add(blocks.root);
    const fleet = await makeFleet({ scenario, strikes, nodes, seed, directory, chainUrl, namespaces });
    undo.push((keep) => fleet.release(keep));
    const { identities } = fleet;
    await writeFinished({ count: workload.finishedBefore ?? 0, seed, nodes: fleet.nodes, identities, blocks });
    return {
      strikes,
      fleet,
      blocks,
      contracts: await writeContracts(fleet.nodes),
      feed: new Feed({ workload, nodes: fleet.nodes, blocks, chain }),
      programs: makePrograms(scenario, fleet.nodes, blocks, seed),
      ledger: new Ledger(fleet.nodes, blocks),
      observer: new Observer(fleet.nodes, () => blocks.size),
      close,
    };
  } catch (error) {
    await close(false);
    throw error;
  }
}
