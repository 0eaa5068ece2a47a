/** Directories as nodes leave them after a run that went well, for tests that spoil them and look at the verdicts. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeRecord } from '../../crdt/block/record-codec.ts';
import { recordOf } from '../../crdt/block/record.ts';
import type { SignedResult } from '../../crdt/block/result.ts';
import { blake3Hash } from '../../crdt/hash.ts';
import { blockId, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import { generateKey, type SecretIdentity } from '../../net/identity/identity.ts';
import { Author } from '../../src/author/author.ts';
import type { Acknowledged } from '../../src/chaos/observe/ledger.ts';
import { DirectoryReader } from '../../src/chaos/reader/read-node.ts';
import type { Evidence } from '../../src/chaos/verdicts/evidence.ts';
import { KnownBlocks } from '../../src/chaos/workload/blocks.ts';
import { datadirLayout, type DatadirLayout } from '../../src/datadir/layout.ts';
import { blockFileName } from '../../src/files/file-names.ts';
import { encodeValidateFile } from '../../src/files/validate-file.ts';
import type { ValidateStatus } from '../../src/files/validate-info.ts';
import { systemClock } from '../../src/node/machine.ts';
import { SPLIT_IN_HALF } from '../../src/chaos/scenarios/split-in-half.ts';

export const NAMES = ['node-1', 'node-2', 'node-3'] as const;
const BLOCKS = 6;

export class JudgedRun {
  readonly blocks = new KnownBlocks(1, 1);
  readonly members: readonly SecretIdentity[] = NAMES.map(() => generateKey());
  readonly acknowledged = new Map<string, Acknowledged[]>();
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Every block found by one node, in turn, and known to all. */
  static async finished(folder: string): Promise<JudgedRun> {
    const run = new JudgedRun(folder);
    for (const name of NAMES) {
      await mkdir(run.layoutOf(name).validate, { recursive: true });
      await mkdir(run.layoutOf(name).witness);
    }
    for (let at = 0; at < BLOCKS; at++) {
      const { fed, known } = run.blocks.next();
      const results = [run.resultBy(at % NAMES.length, known.key, known.stateRoot)];
      run.acknowledge(known.key, ...results);
      for (const name of NAMES) {
        await writeFile(join(run.layoutOf(name).witness, blockFileName('witness', known.key)), fed.witness);
        await run.write(name, known.key, known.stateRoot, results);
      }
    }
    return run;
  }

  layoutOf(name: string): DatadirLayout {
    return datadirLayout(join(this.#folder, name));
  }

  keyAt(at: number): BlockKey {
    const known = [...this.blocks.all()][at];
    if (known === undefined) throw new Error(`one of ${BLOCKS}`);
    return known.key;
  }

  rootAt(at: number): Hash32 {
    const root = this.blocks.get(blockId(this.keyAt(at)))?.stateRoot;
    if (root === undefined) throw new Error('it is known');
    return root;
  }

  resultBy(member: number | SecretIdentity, key: BlockKey, root: Hash32): SignedResult {
    const identity = typeof member === 'number' ? this.members[member] : member;
    if (identity === undefined) throw new Error(`one of ${NAMES.length}`);
    return new Author({ ...identity, clock: systemClock, skewBoundMs: 500 }).result(key, [], 'success', root, 1);
  }

  acknowledge(key: BlockKey, ...results: readonly SignedResult[]): void {
    const known = this.acknowledged.get(blockId(key)) ?? [];
    const added = results.map(({ node, stateRoot }) => ({ author: node, stateRoot }));
    this.acknowledged.set(blockId(key), [...known, ...added]);
  }

  /** The `.v` as the node called `name` would write it. */
  async write(
    name: string,
    key: BlockKey,
    stateRoot: Hash32,
    results: readonly SignedResult[],
    status: ValidateStatus = 'Success',
  ): Promise<void> {
    const info = { status, blockHash: key.hash, blockNumber: key.number, stateRoot, lockTimeSeconds: 0n, blobIds: [] };
    const bytes = encodeValidateFile(info, encodeRecord(recordOf({ results })));
    await writeFile(this.pathOf(name, key), bytes);
  }

  pathOf(name: string, key: BlockKey): string {
    return join(this.layoutOf(name).validate, blockFileName('validate', key));
  }

  async spoil(path: string, change: (bytes: Buffer) => Uint8Array): Promise<void> {
    await writeFile(path, change(await readFile(path)));
  }

  async evidence(changes: Partial<Evidence> = {}): Promise<Evidence> {
    const reader = new DirectoryReader();
    return {
      scenario: SPLIT_IN_HALF,
      nodes: await Promise.all(NAMES.map((name) => reader.read(name, this.layoutOf(name)))),
      members: new Set(this.members.map(({ node }) => node)),
      blocks: this.blocks,
      ledger: { of: (id) => this.acknowledged.get(id) ?? [] },
      wrongRoots: new Map(),
      contracts: new Set(),
      badEnds: [],
      defects: [],
      growth: [],
      ...changes,
    };
  }
}

export function otherRoot(text: string): Hash32 {
  return blake3Hash(new TextEncoder().encode(text));
}
