/** The programs of other makers that a scenario asks for, and which of them is wrong about which blocks. */

import { blake3Hash } from '../../../crdt/hash.ts';
import { parseBlockId, type BlockId, type Hash32 } from '../../../crdt/ids.ts';
import type { ChaosNode } from '../fleet/chaos-node.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { forkRandom } from '../../sim/seeded-random.ts';
import type { KnownBlocks } from '../workload/blocks.ts';
import { validationTimeOf } from '../workload/chain-server.ts';
import { ReferenceProgram } from './reference-program.ts';

/** As the reference's lock, in proportion to the nodes' own. */
const LOCK_SECONDS = 5;

export interface Programs {
  readonly programs: readonly ReferenceProgram[];
  /** What the wrong one has found so far. */
  readonly wrongRoots: ReadonlyMap<BlockId, Hash32>;
}

/** Made and not started. */
export function makePrograms(
  scenario: Scenario,
  nodes: readonly ChaosNode[],
  blocks: KnownBlocks,
  seed: number,
): Programs {
  const { programsPerNode = 0, wrongRootEvery } = scenario.start ?? {};
  const wrongRoots = new Map<BlockId, Hash32>();
  const rightRootOf = (id: BlockId): Hash32 | undefined => blocks.get(id)?.stateRoot;
  const wrongRootOf = (id: BlockId): Hash32 | undefined => {
    const number = parseBlockId(id)?.number ?? 0;
    if (wrongRootEvery === undefined || number % wrongRootEvery !== 0) return rightRootOf(id);
    const root = blake3Hash(new TextEncoder().encode(`wrong root of ${id}`));
    wrongRoots.set(id, root);
    return root;
  };
  const programs = nodes.flatMap((node) =>
    Array.from({ length: programsPerNode }, (_, at) => {
      const isWrong = wrongRootEvery !== undefined && node.index === 0 && at === 0;
      return new ReferenceProgram({
        node,
        random: forkRandom(seed, `program ${at} of ${node.name}`),
        lockSeconds: LOCK_SECONDS,
        validationMs: (hash) => validationTimeOf(hash, scenario.workload.validationMs),
        rootOf: isWrong ? wrongRootOf : rightRootOf,
      });
    }),
  );
  return { programs, wrongRoots };
}
