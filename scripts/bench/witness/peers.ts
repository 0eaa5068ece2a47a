/** Starts the peers of a witness benchmark and writes the witnesses that they exchange. */

import { fork, type ChildProcess } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blake3Hash } from '../../../crdt/hash.ts';
import { ZERO_HASH, type BlockKey } from '../../../crdt/ids.ts';
import { blockFileName } from '../../../src/files/file-names.ts';
import { encodeWitnessFile } from '../../../src/files/witness-file.ts';
import type { WitnessPolicy } from '../../../src/witness/policy.ts';
import { benchDirectory } from '../parts/bench-directory.ts';
import type { PeerCommand, PeerSetup } from './protocol.ts';

interface Reply {
  readonly addresses?: readonly string[];
  readonly result?: unknown;
  readonly error?: string;
}

/** To measure what is idle without what is dead. */
const PEER_FLAGS = ['--expose-gc'];

export class BenchPeer {
  readonly addresses: readonly string[];
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, addresses: readonly string[]) {
    this.#process = process;
    this.addresses = addresses;
  }

  static async start(setup: PeerSetup): Promise<BenchPeer> {
    const child = fork(fileURLToPath(new URL('./peer.ts', import.meta.url)), { execArgv: PEER_FLAGS });
    const started = nextReply(child);
    child.send(setup);
    return new BenchPeer(child, (await started).addresses ?? []);
  }

  async ask(command: PeerCommand): Promise<number> {
    const reply = nextReply(this.#process);
    this.#process.send(command);
    const { result, error } = await reply;
    if (error !== undefined) throw new Error(error);
    return Number(result);
  }

  /** Asks `kind` every 50 ms until the answer is at least `least`. */
  async reach(kind: 'held' | 'known' | 'linked', least: number, everyMs = 50): Promise<void> {
    while ((await this.ask({ kind })) < least) await new Promise((resolve) => setTimeout(resolve, everyMs));
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.disconnect();
    await ended;
  }
}

function nextReply(child: ChildProcess): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`the peer ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (reply: Reply) => {
      child.off('exit', onExit);
      resolve(reply);
    });
  });
}

export interface BenchPair {
  readonly root: string;
  readonly holder: BenchPeer;
  readonly receiver: BenchPeer;
  readonly keys: readonly BlockKey[];
  close(): Promise<void>;
}

/** A holder of `count` witnesses of `payloadBytes`, and a linked receiver that knows of them and has none. */
export async function startPair(count: number, payloadBytes: number): Promise<BenchPair> {
  const root = await benchDirectory();
  const keys = await writeWitnesses(join(root, 'holder'), count, payloadBytes);
  const seeds = [1, 2];
  const claimed: WitnessPolicy = { kind: 'claimed' };
  const holder = await BenchPeer.start({ root: join(root, 'holder'), seeds, self: 0, dial: [], policy: claimed });
  const dial = holder.addresses;
  const receiver = await BenchPeer.start({ root: join(root, 'receiver'), seeds, self: 1, dial, policy: claimed });
  await receiver.reach('known', count);
  const close = async (): Promise<void> => {
    await receiver.stop();
    await holder.stop();
  };
  return { root, holder, receiver, keys, close };
}

/** Writes `.w` files with random payloads into the data directory `datadir`. */
export async function writeWitnesses(datadir: string, count: number, payloadBytes: number): Promise<BlockKey[]> {
  const directory = join(datadir, 'witness');
  await mkdir(directory, { recursive: true });
  const keys: BlockKey[] = [];
  for (let number = 1; number <= count; number++) {
    const { key, bytes } = makeWitness(number, payloadBytes);
    await writeFile(join(directory, blockFileName('witness', key)), bytes);
    keys.push(key);
  }
  return keys;
}

export function makeWitness(number: number, payloadBytes: number): { key: BlockKey; bytes: Uint8Array } {
  const key = { number, hash: blake3Hash(new TextEncoder().encode(`${number}`)) };
  const bytes = encodeWitnessFile({
    status: 'Witnessed',
    blockHash: key.hash,
    blockNumber: number,
    preStateRoot: ZERO_HASH,
    parentHash: ZERO_HASH,
    lockTimeSeconds: 0n,
    blobIds: [],
    witnessData: randomFillSync(new Uint8Array(payloadBytes)),
  });
  return { key, bytes };
}
