/**
 * A synthetic chain for demos and tests: the headers are real (every field, correct hashes, each block names its parent),
 * the blocks are empty, and state roots and witness payloads are pseudo-random.
 *
 * Invariant: the same arguments give the same chain, byte for byte; everything random in it is BLAKE3 of the seed.
 */

import { utf8ToBytes } from '@noble/hashes/utils.js';
import { blake3, blake3Hash } from '../../crdt/hash.ts';
import { HASH_BYTES, ZERO_HASH, type BlockKey, type Hash32 } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import { hashHeader, parseHeader } from './header.ts';

export const PAYLOAD_BYTES_MIN = 2 * 1024;
export const PAYLOAD_BYTES_MAX = 16 * 1024;

export interface ChainPlan {
  /** At least 1: the block before it is grown too, without a witness. */
  readonly firstNumber: number;
  readonly count: number;
  readonly seed: string;
}

/** A block as `eth_getBlockByHash(hash, false)` answers it. */
export type BlockJson = Readonly<Record<string, string | readonly string[]>>;

export interface GrownHeader {
  readonly key: BlockKey;
  readonly block: BlockJson;
  readonly parentHash: Hash32;
  readonly stateRoot: Hash32;
}

export interface GrownBlock extends GrownHeader {
  /** The state root of the parent. */
  readonly preStateRoot: Hash32;
  readonly witnessPayload: Uint8Array;
}

export interface GrownChain {
  /** The parent of the first block: there for its header alone. */
  readonly root: GrownHeader;
  /** In order of their numbers; `count` of them. */
  readonly blocks: readonly GrownBlock[];
}

/** Grows `count` blocks from `firstNumber` on. */
export function growChain({ firstNumber, count, seed }: ChainPlan): GrownChain {
  invariant(Number.isSafeInteger(firstNumber) && firstNumber >= 1, 'a grown chain starts at block 1 or later');
  invariant(Number.isSafeInteger(firstNumber + count) && count >= 0, 'a grown chain ends within safe integers');
  const root = growRoot(seed, firstNumber);
  return { root, blocks: growBlocks(seed, root).take(count).toArray() };
}

/** The parent of the block at `firstNumber`, which a chain of this seed begins with. */
export function growRoot(seed: string, firstNumber: number): GrownHeader {
  const parentHash = firstNumber === 1 ? ZERO_HASH : chance(seed, 'parent', firstNumber - 1);
  return growHeader(seed, firstNumber - 1, parentHash);
}

/** The blocks that follow `parent`, without end. */
export function* growBlocks(seed: string, parent: GrownHeader): Generator<GrownBlock, never> {
  for (let last = parent; ;) {
    const number = last.key.number + 1;
    const header = growHeader(seed, number, last.key.hash);
    yield { ...header, preStateRoot: last.stateRoot, witnessPayload: growPayload(seed, number) };
    last = header;
  }
}

/** Root of an empty trie: keccak256 of the RLP of the empty string. */
const EMPTY_TRIE = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421';
/** keccak256 of the RLP of an empty list. */
const NO_UNCLES = '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347';
/** SHA-256 of nothing (EIP-7685). */
const NO_REQUESTS = '0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** Where OP-stack chains collect their fees. */
const FEE_RECIPIENT = '0x4200000000000000000000000000000000000011';
const SECONDS_AT_BLOCK_0 = 1_757_000_000;

function growHeader(seed: string, number: number, parentHash: Hash32): GrownHeader {
  const stateRoot = chance(seed, 'state', number);
  const header = {
    parentHash,
    sha3Uncles: NO_UNCLES,
    miner: FEE_RECIPIENT,
    stateRoot,
    transactionsRoot: EMPTY_TRIE,
    receiptsRoot: EMPTY_TRIE,
    logsBloom: `0x${'00'.repeat(256)}`,
    difficulty: '0x0',
    number: quantity(number),
    gasLimit: quantity(2_000_000_000),
    gasUsed: '0x0',
    timestamp: quantity(SECONDS_AT_BLOCK_0 + number),
    extraData: '0x',
    mixHash: chance(seed, 'mix', number),
    nonce: '0x0000000000000000',
    baseFeePerGas: quantity(250),
    withdrawalsRoot: EMPTY_TRIE,
    blobGasUsed: '0x0',
    excessBlobGas: '0x0',
    parentBeaconBlockRoot: chance(seed, 'beacon', number),
    requestsHash: NO_REQUESTS,
  };
  const hash = hashHeader(parseHeader(header, `grown block ${number}`));
  const block = { hash, ...header, uncles: [], transactions: [], withdrawals: [] };
  return { key: { number, hash }, block, parentHash, stateRoot };
}

function growPayload(seed: string, number: number): Uint8Array {
  const sizeDraw = BigInt(chance(seed, 'size', number)) % BigInt(PAYLOAD_BYTES_MAX - PAYLOAD_BYTES_MIN + 1);
  const sizeBytes = PAYLOAD_BYTES_MIN + Number(sizeDraw);
  const payload = new Uint8Array(Math.ceil(sizeBytes / HASH_BYTES) * HASH_BYTES);
  for (let offset = 0; offset < payload.length; offset += HASH_BYTES) {
    payload.set(blake3(utf8ToBytes(`${label(seed, 'payload', number)}/${offset}`)), offset);
  }
  return payload.subarray(0, sizeBytes);
}

/** 32 bytes that depend on the arguments and look random. */
function chance(seed: string, purpose: string, number: number): Hash32 {
  return blake3Hash(utf8ToBytes(label(seed, purpose, number)));
}

function label(seed: string, purpose: string, number: number): string {
  return `${purpose}/${number}/${seed}`;
}

function quantity(value: number): string {
  return `0x${value.toString(16)}`;
}
