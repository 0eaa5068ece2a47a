/**
 * The heartbeat: what a node says of itself, signed, every second or so. Grammar: docs/protocol.md.
 *
 * Invariant: `(startedAtWallMs, sequence)` strictly increases over a node's heartbeats: the sequence within a run, the
 * start from run to run. Nothing else in it orders anything; `sentAtWallMs` is information.
 */

import type { Fingerprint } from '../../crdt/block/fingerprint.ts';
import { FINGERPRINT_BYTES, fingerprintFromBytes, fingerprintToBytes } from '../../crdt/block/fingerprint.ts';
import type { Verify } from '../../crdt/block/signing.ts';
import { Reader } from '../../crdt/codec/reader.ts';
import { Writer } from '../../crdt/codec/writer.ts';
import { invariant } from '../../crdt/invariant.ts';
import type { NodeId } from '../../crdt/ids.ts';
import { envelopeMessage, openEnvelope, sealEnvelope, type Signer } from '../framing/envelope.ts';
import { readVersion } from '../framing/version.ts';

export const PRESENCE_TOPIC = '/driftlock/presence/1';
export const HEARTBEAT_VERSION = 1;
/** No heartbeat is larger: 281 bytes with everything at its limit, rounded up. */
export const HEARTBEAT_BYTES_MAX = 320;
/** UTF-8. */
export const REGION_BYTES_MAX = 64;
/** UTF-8. */
export const SOFTWARE_VERSION_BYTES_MAX = 32;
const HEARTBEAT_TAG = 'driftlock/heartbeat/1';
const WALL_MS_BYTES = 6;

/** In the order of their wire tags. */
export const MODES = ['normal', 'degraded', 'catch-up', 'strong'] as const;
export type Mode = (typeof MODES)[number];

/** How many blocks this node sees in each status. */
export interface StatusCounts {
  readonly idle: number;
  readonly processing: number;
  readonly failed: number;
  readonly success: number;
}

export interface Heartbeat {
  readonly node: NodeId;
  /** When this run of the node began, Unix milliseconds, 0…2^48 − 1; greater than for any earlier run. */
  readonly startedAtWallMs: number;
  /** Counts the heartbeats of this run. */
  readonly sequence: number;
  readonly sentAtWallMs: number;
  readonly mode: Mode;
  /** Whether it runs a validator, and so is a candidate for claims. */
  readonly validates: boolean;
  /** It knows its own clock to lie outside the skew bound: it claims nothing. */
  readonly isSkewed: boolean;
  /** The lowest block number that it keeps: 0, or the beginning of its window. */
  readonly lowestKept: number;
  /** Of its records from `lowestKept` on. */
  readonly digest: Fingerprint;
  readonly recordCount: number;
  readonly statusCounts: StatusCounts;
  /** Where it runs, for people; may be empty. At most REGION_BYTES_MAX. */
  readonly region: string;
  /** At most SOFTWARE_VERSION_BYTES_MAX. */
  readonly softwareVersion: string;
}

/** A heartbeat as it arrived. Nothing in it is to be believed before {@link isHeartbeatSigned}. */
export interface ReceivedHeartbeat {
  readonly heartbeat: Heartbeat;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
}

/** Precondition: the texts are within their limits, and `heartbeat.node` is the signer. */
export function encodeHeartbeat(cluster: string, signer: Signer, heartbeat: Heartbeat): Uint8Array {
  invariant(heartbeat.node === signer.node, 'a node sends heartbeats of itself alone');
  const { statusCounts } = heartbeat;
  const writer = new Writer().u8(HEARTBEAT_VERSION).node(heartbeat.node);
  writer.uintBE(heartbeat.startedAtWallMs, WALL_MS_BYTES).varint(heartbeat.sequence);
  writer.uintBE(heartbeat.sentAtWallMs, WALL_MS_BYTES);
  writer.u8(MODES.indexOf(heartbeat.mode)).u8(flagsOf(heartbeat));
  if (heartbeat.lowestKept > 0) writer.varint(heartbeat.lowestKept);
  writer.fixed(fingerprintToBytes(heartbeat.digest)).varint(heartbeat.recordCount);
  writer.varint(statusCounts.idle).varint(statusCounts.processing);
  writer.varint(statusCounts.failed).varint(statusCounts.success);
  writeText(writer, heartbeat.region, REGION_BYTES_MAX);
  writeText(writer, heartbeat.softwareVersion, SOFTWARE_VERSION_BYTES_MAX);
  return sealEnvelope(HEARTBEAT_TAG, cluster, writer.finish(), signer);
}

/** Throws `DecodeError` for anything that {@link encodeHeartbeat} does not write. Does not check the signature. */
export function decodeHeartbeat(bytes: Uint8Array): ReceivedHeartbeat {
  const { body, signature } = openEnvelope(bytes, 'heartbeat', HEARTBEAT_BYTES_MAX);
  const reader = new Reader(body);
  readVersion(reader, 'heartbeat', HEARTBEAT_VERSION);
  const heartbeat: Heartbeat = {
    node: reader.node('heartbeat node'),
    startedAtWallMs: reader.uintBE('heartbeat start', WALL_MS_BYTES),
    sequence: reader.varint('heartbeat sequence'),
    sentAtWallMs: reader.uintBE('heartbeat time', WALL_MS_BYTES),
    mode: readMode(reader),
    ...readFlagged(reader),
    digest: fingerprintFromBytes(reader.fixed('heartbeat digest', FINGERPRINT_BYTES)),
    recordCount: reader.varint('heartbeat record count'),
    statusCounts: {
      idle: reader.varint('heartbeat idle count'),
      processing: reader.varint('heartbeat processing count'),
      failed: reader.varint('heartbeat failed count'),
      success: reader.varint('heartbeat success count'),
    },
    region: reader.text('heartbeat region', REGION_BYTES_MAX),
    softwareVersion: reader.text('heartbeat software version', SOFTWARE_VERSION_BYTES_MAX),
  };
  reader.end('heartbeat');
  return { heartbeat, body, signature };
}

export function isHeartbeatSigned(received: ReceivedHeartbeat, cluster: string, verify: Verify): boolean {
  const message = envelopeMessage(HEARTBEAT_TAG, cluster, received.body);
  return verify(received.heartbeat.node, message, received.signature);
}

function writeText(writer: Writer, text: string, bytesMax: number): void {
  const bytes = new TextEncoder().encode(text);
  invariant(bytes.length <= bytesMax, `a text of a heartbeat has at most ${bytesMax} bytes`);
  writer.bytes(bytes);
}

function readMode(reader: Reader): Mode {
  const start = reader.offset;
  const tag = reader.u8('heartbeat mode');
  const mode = MODES[tag];
  if (mode === undefined) throw reader.fail('ERR_BAD_ENUM', 'heartbeat mode', '0 to 3', `${tag}`, start);
  return mode;
}

const FLAG_VALIDATES = 1;
const FLAG_SKEWED = 2;
/** A block number follows. */
const FLAG_WINDOW = 4;
const FLAGS_MAX = FLAG_VALIDATES + FLAG_SKEWED + FLAG_WINDOW;

type Flagged = Pick<Heartbeat, 'validates' | 'isSkewed' | 'lowestKept'>;

function flagsOf({ validates, isSkewed, lowestKept }: Flagged): number {
  return (validates ? FLAG_VALIDATES : 0) + (isSkewed ? FLAG_SKEWED : 0) + (lowestKept > 0 ? FLAG_WINDOW : 0);
}

function readFlagged(reader: Reader): Flagged {
  const start = reader.offset;
  const flags = reader.u8('heartbeat flags');
  if (flags > FLAGS_MAX) throw reader.fail('ERR_BAD_ENUM', 'heartbeat flags', `0 to ${FLAGS_MAX}`, `${flags}`, start);
  const lowestKept = (flags & FLAG_WINDOW) === 0 ? 0 : readLowestKept(reader);
  return { validates: (flags & FLAG_VALIDATES) !== 0, isSkewed: (flags & FLAG_SKEWED) !== 0, lowestKept };
}

function readLowestKept(reader: Reader): number {
  const start = reader.offset;
  const lowestKept = reader.varint('heartbeat lowest kept');
  if (lowestKept > 0) return lowestKept;
  throw reader.fail('ERR_OUT_OF_RANGE', 'heartbeat lowest kept', 'at least 1 where it is written', '0', start);
}
