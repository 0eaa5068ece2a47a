/**
 * What is promised (docs/reliability.md), each by its name, held against the files.
 *
 * Invariant: pure. A node that lacks a block is found by every promise that the block is needed for, never skipped.
 */

import { blockId, describeText } from '../../../crdt/ids.ts';
import { blockFileName } from '../../files/file-names.ts';
import { verdict, type Evidence, type Verdict } from './evidence.ts';

/** The figures of a run. */
export interface Figures {
  /** Acknowledged results that are missing on a node: a count over nodes. */
  readonly lost: number;
  /** Blocks that are not Success everywhere. */
  readonly unfinished: number;
  /** Blocks whose records are not the same bytes everywhere. */
  readonly different: number;
  /** Results beyond the first, over all blocks. */
  readonly duplicates: number;
}

interface Check {
  readonly verdict: Verdict;
  readonly count: number;
}

export function judgePromises(evidence: Evidence): {
  readonly verdicts: readonly Verdict[];
  readonly figures: Figures;
} {
  const different = identicalRecords(evidence);
  const lost = nothingLost(evidence);
  const unfinished = everyBlockFinished(evidence);
  const duplicates = locksSaveWork(evidence);
  return {
    verdicts: [
      different.verdict,
      lost.verdict,
      unfinished.verdict,
      duplicates.verdict,
      nothingInvalid(evidence),
      nothingHidden(evidence),
    ],
    figures: {
      lost: lost.count,
      unfinished: unfinished.count,
      different: different.count,
      duplicates: duplicates.count,
    },
  };
}

function identicalRecords({ nodes, blocks }: Evidence): Check {
  const found: string[] = [];
  const ids = new Set([...blocks.all()].map(({ key }) => blockId(key)));
  for (const { blocks: held } of nodes) for (const id of held.keys()) ids.add(id);
  for (const id of ids) {
    const digests = new Set(nodes.map((node) => node.blocks.get(id)?.recordDigest));
    if (digests.size > 1)
      found.push(
        `${id}: ${nodes.map((node) => `${node.name} ${node.blocks.get(id)?.recordDigest ?? 'none'}`).join(', ')}`,
      );
  }
  const promise = 'replicas that have received the same records hold the same bytes, and get there by themselves';
  return {
    verdict: verdict('convergence', promise, found, [`${ids.size} records, the same on ${nodes.length} nodes`]),
    count: found.length,
  };
}

function nothingLost({ nodes, blocks, ledger }: Evidence): Check {
  const found: string[] = [];
  let entries = 0;
  for (const { key } of blocks.all()) {
    const id = blockId(key);
    for (const { author, stateRoot } of ledger.of(id)) {
      entries++;
      for (const { name, blocks: held } of nodes) {
        const kept = held
          .get(id)
          ?.results.some(
            (result) => result.node === author && result.stateRoot === stateRoot && result.verdict === 'success',
          );
        if (kept !== true) found.push(`${id}: ${name} lacks root ${stateRoot} by ${author}`);
      }
    }
  }
  const promise = 'an acknowledged result survives crash, restart, partition and merge';
  return { verdict: verdict('nothing-lost', promise, found, [`${entries} acknowledged results`]), count: found.length };
}

function everyBlockFinished({ nodes, blocks, wrongRoots }: Evidence): Check {
  const found: string[] = [];
  let unfinished = 0;
  for (const { key, stateRoot, witnessDigest } of blocks.all()) {
    const id = blockId(key);
    let isFinished = true;
    for (const { name, blocks: held, witnesses } of nodes) {
      const info = held.get(id)?.info;
      const isRight = info?.stateRoot === stateRoot || (wrongRoots.has(id) && info?.stateRoot === wrongRoots.get(id));
      if (info?.status !== 'Success' || !isRight) {
        isFinished = false;
        found.push(`${id}: ${name} shows ${info?.status ?? 'nothing'} ${info?.stateRoot ?? ''}`);
      } else if (info.lockTimeSeconds !== 0n) found.push(`${id}: ${name} shows a finished block with a lock time`);
      if (witnessDigest !== undefined && witnesses.get(id) !== witnessDigest) {
        found.push(
          `${name}: ${blockFileName('witness', key)} is ${witnesses.has(id) ? 'not what its generator wrote' : 'not there'}`,
        );
      }
    }
    if (!isFinished) unfinished++;
  }
  const promise =
    'every block is Success with its own root on every node, and its witness stands there as it was generated';
  return { verdict: verdict('every-block-finished', promise, found, [`${blocks.size} blocks`]), count: unfinished };
}

function locksSaveWork({ nodes, blocks, scenario }: Evidence): Check {
  let duplicates = 0;
  for (const { key } of blocks.all()) {
    const counts = nodes.map(({ blocks: held }) => held.get(blockId(key))?.results.length ?? 0);
    duplicates += Math.max(0, Math.max(...counts) - 1);
  }
  const bound = scenario.holds?.duplicatesPerBlockMax ?? Infinity;
  const perBlock = blocks.size === 0 ? 0 : duplicates / blocks.size;
  const figure = `${duplicates} duplicates, ${perBlock.toFixed(3)} a block`;
  const found = perBlock > bound ? [`${figure}, more than ${bound}`] : [];
  const promise = 'duplicate validation is rare, and its rate is measured';
  return { verdict: verdict('locks-save-work', promise, found, [figure]), count: duplicates };
}

function nothingInvalid(evidence: Evidence): Verdict {
  const { nodes, blocks, members, wrongRoots, contracts } = evidence;
  const found = [...nodes.flatMap(({ bad }) => bad), ...badContractLines(evidence)];
  for (const { name, blocks: held, contracts: here } of nodes) {
    for (const [id, { results }] of held) {
      const known = blocks.get(id);
      if (known === undefined) found.push(`${name}: ${id} is no block of this chain`);
      for (const { node, stateRoot, verdict: said } of results) {
        if (!members.has(node)) found.push(`${name}: ${id} has a result of a stranger, ${node}`);
        const isKnown = stateRoot === known?.stateRoot || stateRoot === wrongRoots.get(id);
        if (said === 'success' && !isKnown)
          found.push(`${name}: ${id} has a root that no validator found, ${stateRoot}`);
      }
    }
    const missing = [...contracts].filter((hash) => !here.has(hash));
    if (missing.length > 0) found.push(`${name}: contracts.txt lacks ${missing.length} of ${contracts.size} contracts`);
  }
  const promise =
    'nothing gets in from a corrupt file or a stranger: every file passes its checksum, name and signatures';
  return verdict('nothing-invalid', promise, found);
}

/** A line that rots is left to people, where it is; it must not come to stand on another node too. */
function badContractLines({ nodes, scenario }: Evidence): string[] {
  const isDamaged = scenario.faults.some(({ fault }) => fault === 'corrupt');
  return nodes.flatMap(({ name, badContractLines: bad }) =>
    bad
      .filter(
        (line) => !isDamaged || nodes.some((other) => other.name !== name && other.badContractLines.includes(line)),
      )
      .map((line) => `${name}: contracts.txt has a line that does not verify, ${describeText(line)}`),
  );
}

function nothingHidden({ nodes, blocks, ledger, scenario }: Evidence): Verdict {
  const found: string[] = [];
  let disputes = 0;
  for (const { key } of blocks.all()) {
    const id = blockId(key);
    const roots = new Set(ledger.of(id).map(({ stateRoot }) => stateRoot));
    if (roots.size < 2) continue;
    disputes++;
    for (const { name, blocks: held } of nodes) {
      const kept = new Set(held.get(id)?.results.map(({ stateRoot }) => stateRoot));
      for (const root of roots) if (!kept.has(root)) found.push(`${id}: ${name} does not show root ${root}`);
    }
  }
  const needed = scenario.holds?.disputesMin ?? 0;
  if (disputes < needed)
    found.push(`${disputes} disputes were seen, at least ${needed} were meant to be: the run proves nothing`);
  const promise = 'where validators found different roots, every node keeps all of them';
  return verdict('disagreement-is-shown', promise, found, [`${disputes} disputed blocks`]);
}
