/**
 * One etcd member on loopback, and the two calls of it that the benchmark needs, over gRPC with one kept connection.
 *
 * Messages are encoded by hand, by etcd's `rpc.proto` (v3): `LeaseGrant` and `Txn`, in the fields that are set here.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { BenchSkip } from '../row.ts';

const START_ATTEMPTS_MAX = 100;
const START_PAUSE_MS = 100;

export interface Etcd {
  /** Puts `value` at `key` if the key does not exist, held by the lease when it is one; tells whether it did. */
  createIfAbsent(key: string, value: Uint8Array, lease?: bigint): Promise<boolean>;
  grantLease(ttlSeconds: number): Promise<bigint>;
  stop(): Promise<void>;
}

/** Throws `BenchSkip` when etcd is not installed. */
export async function startEtcd(directory: string): Promise<Etcd> {
  const [clientPort, peerPort] = [await freePort(), await freePort()];
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${clientPort}`, `http://127.0.0.1:${peerPort}`];
  const flags = {
    name: 'bench',
    'data-dir': join(directory, 'etcd'),
    'listen-client-urls': clientUrl,
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `bench=${peerUrl}`,
  };
  const member = spawn(
    'etcd',
    Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
    { stdio: 'ignore' },
  );
  await started(member);
  const client = new Client(`127.0.0.1:${clientPort}`, credentials.createInsecure());
  const call = (path: string, request: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, same, same, request, (error, answer) => {
        if (error !== null) reject(error);
        else resolve(answer ?? Buffer.alloc(0));
      });
    });
  const etcd: Etcd = {
    createIfAbsent: async (key, value, lease) =>
      succeeded(await call('/etcdserverpb.KV/Txn', createRequest(key, value, lease))),
    grantLease: async (ttlSeconds) =>
      grantedLease(await call('/etcdserverpb.Lease/LeaseGrant', varintField(1, BigInt(ttlSeconds)))),
    stop: async () => {
      client.close();
      const ended = once(member, 'exit');
      member.kill('SIGTERM');
      await ended;
    },
  };
  await ready(etcd);
  return etcd;
}

/** gRPC's codec: messages are bytes already. */
function same(bytes: Buffer): Buffer {
  return bytes;
}

async function started(member: ChildProcess): Promise<void> {
  try {
    await once(member, 'spawn');
  } catch (error) {
    throw new BenchSkip("etcd is not installed (Debian's etcd-server)", { cause: error });
  }
}

/** Elections take a second; until one is won, calls fail. */
async function ready(etcd: Etcd): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await etcd.grantLease(60);
      return;
    } catch (error) {
      if (attempt === START_ATTEMPTS_MAX) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, START_PAUSE_MS);
      });
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

/** `Txn`: if the key's create revision is 0, put it. */
function createRequest(key: string, value: Uint8Array, lease: bigint | undefined): Buffer {
  const keyBytes = Buffer.from(key);
  // result EQUAL = 0, target CREATE = 1, create_revision 0 (set, though it is the default: it is a oneof).
  const compare = Buffer.concat([varintField(1, 0n), varintField(2, 1n), bytesField(3, keyBytes), varintField(5, 0n)]);
  const held = lease === undefined ? [] : [varintField(3, lease)];
  const put = Buffer.concat([bytesField(1, keyBytes), bytesField(2, value), ...held]);
  return Buffer.concat([bytesField(1, compare), bytesField(2, bytesField(2, put))]);
}

/** `TxnResponse.succeeded`, field 2; absent when false. */
function succeeded(answer: Buffer): boolean {
  return fieldOf(answer, 2) === 1n;
}

/** `LeaseGrantResponse.ID`, field 2. */
function grantedLease(answer: Buffer): bigint {
  return fieldOf(answer, 2) ?? 0n;
}

function varintField(field: number, value: bigint): Buffer {
  return Buffer.concat([varint(BigInt(field << 3)), varint(value)]);
}

function bytesField(field: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(BigInt((field << 3) | 2)), varint(BigInt(bytes.length)), bytes]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** The value of varint field `wanted`, among varints and length-delimited fields. */
function fieldOf(message: Buffer, wanted: number): bigint | undefined {
  let offset = 0;
  const read = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[offset++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (offset < message.length) {
    const tag = Number(read());
    const value = read();
    if ((tag & 7) === 2) offset += Number(value);
    else if (tag >> 3 === wanted) return value;
  }
  return undefined;
}
