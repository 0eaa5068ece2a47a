/**
 * The manifest of a snapshot: whose it is, which parts belong to it, and the nodes that its packed records name by index.
 *
 * ```
 * manifest = u8(version) node(owner) varint(generation) list(node) list(part) digest      digest = BLAKE3(all before it)
 * part     = varint(size) hash(BLAKE3 of the part)
 * ```
 *
 * Invariant: a part counts only with the digest that the manifest states, and a manifest only with its own; for what does
 * not count the node reads its files instead.
 */

import { equalBytes } from '../../crdt/bytes.ts';
import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { DecodeError, isFailure } from '../../crdt/errors.ts';
import { blake3 } from '../../crdt/hash.ts';
import { HASH_BYTES, type Hash32, type NodeId } from '../../crdt/ids.ts';

const SNAPSHOT_VERSION = 1;
/** Of 1 MiB each: 64 GiB. */
export const SNAPSHOT_PARTS_MAX = 65_536;
/** Nodes that were ever members. */
const SNAPSHOT_NODES_MAX = 65_536;
/** Two lists of 32 bytes each at their limits, rounded up. */
export const MANIFEST_BYTES_MAX = 8 * 1024 * 1024;

export interface SnapshotPart {
  readonly sizeBytes: number;
  readonly digest: Hash32;
}

export interface Manifest {
  readonly owner: NodeId;
  /** Tells the files of one snapshot from those of another. */
  readonly generation: number;
  readonly nodes: readonly NodeId[];
  readonly parts: readonly SnapshotPart[];
}

export function encodeManifest({ owner, generation, nodes, parts }: Manifest): Uint8Array {
  const writer = new Writer().u8(SNAPSHOT_VERSION).node(owner).varint(generation).varint(nodes.length);
  for (const node of nodes) writer.node(node);
  writer.varint(parts.length);
  for (const { sizeBytes, digest } of parts) writer.varint(sizeBytes).hash(digest);
  const body = writer.finish();
  return new Writer(body.length + HASH_BYTES).fixed(body).fixed(blake3(body)).finish();
}

/** Undefined for bytes that {@link encodeManifest} of this version did not write. */
export function decodeManifest(bytes: Uint8Array): Manifest | undefined {
  try {
    return readManifest(bytes);
  } catch (error) {
    if (isFailure(error)) return undefined;
    throw error;
  }
}

/** Throws `DecodeError`. */
function readManifest(bytes: Uint8Array): Manifest {
  const body = bytes.subarray(0, Math.max(0, bytes.length - HASH_BYTES));
  if (!equalBytes(blake3(body), bytes.subarray(body.length))) {
    const detail = { argument: 'manifest', expected: 'its BLAKE3 behind it', found: 'another', offset: body.length };
    throw new DecodeError('ERR_BAD_CHECKSUM', detail);
  }
  const reader = new Reader(body);
  const version = reader.u8('snapshot version');
  if (version !== SNAPSHOT_VERSION) {
    throw reader.fail('ERR_UNKNOWN_VERSION', 'snapshot version', `${SNAPSHOT_VERSION}`, `${version}`);
  }
  const owner = reader.node('snapshot owner');
  const generation = reader.varint('snapshot generation');
  const nodeCount = reader.varint('node count', SNAPSHOT_NODES_MAX);
  const nodes = Array.from({ length: nodeCount }, () => reader.node('snapshot node'));
  const partCount = reader.varint('part count', SNAPSHOT_PARTS_MAX);
  const parts = Array.from({ length: partCount }, () => ({
    sizeBytes: reader.varint('part size'),
    digest: reader.hash('part digest'),
  }));
  reader.end('manifest');
  return { owner, generation, nodes, parts };
}
