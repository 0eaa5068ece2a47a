/**
 * A block header of an Ethereum chain, as `eth_getBlockByHash` answers it, and its hash.
 *
 * Invariant: a `Header` holds what its hash covers and nothing else, in ranges that RLP can write, so `hashHeader` never
 * fails. The fields a later fork added are absent from some fork on backwards: none follows one that is absent.
 *
 * Ethereum yellow paper §4.3 (header) and appendix B (RLP); EIP-1559, 4895, 4844, 4788 and 7685 for the later fields;
 * EIP-1474 for the JSON.
 */

import { encode } from '@ethereumjs/rlp';
import { hexToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { DriftlockError } from '../../crdt/errors.ts';
import { keccak256 } from '../../crdt/hash.ts';
import { describeText, isHash32, type Hash32 } from '../../crdt/ids.ts';

/** Mainnet allows 32 bytes; proof-of-authority chains put signatures and lists of signers there. */
export const EXTRA_DATA_BYTES_MAX = 8 * 1024;

const ADDRESS_BYTES = 20;
const LOGS_BLOOM_BYTES = 256;
const NONCE_BYTES = 8;
const QUANTITY_PATTERN = /^0x[0-9a-f]{1,64}$/i;
const DATA_PATTERN = /^0x(?:[0-9a-f]{2})*$/;

const hash = text('0x and 64 hex digits', (lower): Hash32 | undefined => (isHash32(lower) ? lower : undefined));
/** Up to 256 bits. Leading zeros, which EIP-1474 forbids, are let through: the hash decides whether the value is right. */
const quantity = text('0x and 1 to 64 hex digits', toBigInt);
const height = text('a block number of at most 2^53 − 1', (lower) => {
  const value = toBigInt(lower);
  return value === undefined || value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value);
});

const headerSchema = z
  .object({
    parentHash: hash,
    sha3Uncles: hash,
    miner: data(ADDRESS_BYTES, ADDRESS_BYTES),
    stateRoot: hash,
    transactionsRoot: hash,
    receiptsRoot: hash,
    logsBloom: data(LOGS_BLOOM_BYTES, LOGS_BLOOM_BYTES),
    difficulty: quantity,
    number: height,
    gasLimit: quantity,
    gasUsed: quantity,
    timestamp: quantity,
    extraData: data(0, EXTRA_DATA_BYTES_MAX),
    mixHash: hash,
    nonce: data(NONCE_BYTES, NONCE_BYTES),
    baseFeePerGas: sinceFork(quantity),
    withdrawalsRoot: sinceFork(hash),
    blobGasUsed: sinceFork(quantity),
    excessBlobGas: sinceFork(quantity),
    parentBeaconBlockRoot: sinceFork(hash),
    requestsHash: sinceFork(hash),
  })
  .superRefine((header, context) => {
    const firstAbsent = RLP_ORDER.findIndex((field) => header[field] === undefined);
    if (firstAbsent < 0) return;
    for (const field of RLP_ORDER.slice(firstAbsent)) {
      if (header[field] === undefined) continue;
      context.addIssue({ code: 'custom', path: [field], message: `nothing, as ${RLP_ORDER[firstAbsent]} is absent` });
    }
  });

/** A checked header. Hex is lower case, quantities are numbers; a field of a later fork than the block's is undefined. */
export type Header = Readonly<z.output<typeof headerSchema>>;

/** The order in which RLP lists the fields. The schema's order is the same, but an object's order is not a promise. */
const RLP_ORDER = [
  'parentHash',
  'sha3Uncles',
  'miner',
  'stateRoot',
  'transactionsRoot',
  'receiptsRoot',
  'logsBloom',
  'difficulty',
  'number',
  'gasLimit',
  'gasUsed',
  'timestamp',
  'extraData',
  'mixHash',
  'nonce',
  'baseFeePerGas',
  'withdrawalsRoot',
  'blobGasUsed',
  'excessBlobGas',
  'parentBeaconBlockRoot',
  'requestsHash',
] as const satisfies readonly (keyof z.output<typeof headerSchema>)[];

/** A block that is not one. `argument` names the answer and the field. */
export class HeaderError extends DriftlockError<'ERR_BAD_HEADER'> {
  override readonly name = 'HeaderError';
}

/**
 * The header in `block`, a JSON-RPC block object; members that are no header fields are ignored, its `hash` among them.
 * Throws `ERR_BAD_HEADER`, whose argument is `origin` and the field.
 */
export function parseHeader(block: unknown, origin: string): Header {
  const parsed = headerSchema.safeParse(block);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path[0];
  throw new HeaderError('ERR_BAD_HEADER', {
    argument: field === undefined ? origin : `${origin}: ${String(field)}`,
    expected: field === undefined ? 'a JSON-RPC block object' : (issue?.message ?? 'a header field'),
    found: describeValue(field === undefined ? block : memberOf(block, field)),
  });
}

/** keccak256(RLP(header)): the block's hash. */
export function hashHeader(header: Header): Hash32 {
  const items: (Uint8Array | number | bigint)[] = [];
  for (const field of RLP_ORDER) {
    const value = header[field];
    if (value === undefined) break;
    items.push(typeof value === 'string' ? hexToBytes(value.slice(2)) : value);
  }
  return keccak256(encode(items));
}

/** A string that `read`, given it in lower case, makes sense of; else the issue's message is `expected`. */
function text<T>(expected: string, read: (lower: string) => T | undefined) {
  return z.string({ error: expected }).transform((arrived, context): T => {
    const value = read(arrived.toLowerCase());
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  });
}

function data(bytesMin: number, bytesMax: number) {
  const count = bytesMin === bytesMax ? `${bytesMin}` : `${bytesMin} to ${bytesMax}`;
  return text(`0x and ${count} bytes in hex`, (lower) => {
    const byteCount = (lower.length - 2) / 2;
    return byteCount >= bytesMin && byteCount <= bytesMax && DATA_PATTERN.test(lower) ? lower : undefined;
  });
}

/** A field that blocks before some fork lack; nodes leave it out or answer null. */
function sinceFork<T extends z.ZodType>(field: T) {
  return field.nullish().transform((value) => value ?? undefined);
}

function toBigInt(lower: string): bigint | undefined {
  return QUANTITY_PATTERN.test(lower) ? BigInt(lower) : undefined;
}

function memberOf(value: unknown, name: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return describeText(value);
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
