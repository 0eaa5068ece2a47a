/** What streams promise over every transport. */

import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { pipe } from 'it-pipe';
import { isFailure } from '../../../crdt/errors.ts';
import { blake3Stream } from '../../../crdt/hash.ts';
import type { Hash32, NodeId } from '../../../crdt/ids.ts';
import { generateKey } from '../../../net/identity/identity.ts';
import {
  STREAM_BUFFER_BYTES_MAX,
  STREAMS_PER_PEER_MAX,
  type ByteStream,
  type Network,
  type StreamHandler,
} from '../../../net/network.ts';
import { startCluster, type TransportName } from './clusters.ts';
import { nextTurn, until } from './until.ts';

const PROTOCOL = '/test/1.0.0';
const MIB = 1024 * 1024;
const never = new AbortController().signal;

export function streamCompliance(transport: TransportName): void {
  describe(`streams over ${transport}`, () => {
    let running: Network[] = [];
    afterEach(async () => {
      await Promise.all(running.map((network) => network.stop()));
      running = [];
    });

    /** Two nodes; the second serves `PROTOCOL`. */
    async function pair(
      handler: StreamHandler,
    ): Promise<{ client: Network; server: NodeId; stopServer: () => Promise<void> }> {
      const [client, server] = await startCluster(transport, 2, 'mesh', (network, index) => {
        running.push(network);
        if (index === 1) network.serve(PROTOCOL, handler);
      });
      ok(client !== undefined && server !== undefined);
      return { client, server: server.self, stopServer: () => server.stop() };
    }

    it('8 MiB go both ways intact', async () => {
      const { client, server } = await pair(async (_peer, stream) => stream.sink(stream.source));
      const stream = await client.open(server, PROTOCOL, never);
      const sent = await digest(numbered(8 * MIB));
      const [, received] = await Promise.all([stream.sink(numbered(8 * MIB)), digest(stream.source)]);
      deepEqual(received, sent);
    });

    it('a chunk larger than every buffer arrives intact', async () => {
      const chunk = Buffer.concat(await collect(numbered(8 * MIB)));
      const { client, server } = await pair(async (_peer, stream) => stream.sink([chunk]));
      const stream = await client.open(server, PROTOCOL, never);
      deepEqual(await digest(stream.source), await digest([chunk]));
    });

    it('a slow reader holds the writer back: never more than the limit lies between them', async () => {
      let written = 0;
      const { client, server } = await pair(async (_peer, stream) => {
        await stream.sink(numbered(16 * MIB, (bytes) => (written += bytes)));
      });
      const stream = await client.open(server, PROTOCOL, never);
      let read = 0;
      let most = 0;
      for await (const chunk of stream.source) {
        for (let turn = 0; turn < 20; turn++) await nextTurn();
        most = Math.max(most, written - read);
        read += chunk.length;
      }
      equal(read, 16 * MIB);
      ok(most <= STREAM_BUFFER_BYTES_MAX, `${most} bytes lay between writer and reader`);
    });

    it('a reader that was never attached holds the writer back too', async () => {
      let written = 0;
      const { client, server } = await pair(async (_peer, stream) => {
        await stream.sink(numbered(16 * MIB, (bytes) => (written += bytes)));
      });
      const stream = await client.open(server, PROTOCOL, never);
      await until(() => written > 0);
      for (
        let quietTurns = 0, before = written;
        quietTurns < 500;
        quietTurns = written === before ? quietTurns + 1 : 0
      ) {
        before = written;
        await nextTurn();
      }
      ok(written <= STREAM_BUFFER_BYTES_MAX, `${written} bytes were written`);
      deepEqual(await digest(stream.source), await digest(numbered(16 * MIB)));
    });

    it('one direction may end while the other goes on', async () => {
      const { client, server } = await pair(async (_peer, stream) => {
        const request = Buffer.concat(await collect(stream.source));
        await stream.sink([Buffer.from(`got ${request.toString()}`)]);
      });
      const stream = await client.open(server, PROTOCOL, never);
      await stream.sink([Buffer.from('a question')]);
      equal(Buffer.concat(await collect(stream.source)).toString(), 'got a question');
    });

    it('the handler hears who opened the stream', async () => {
      const peers: NodeId[] = [];
      const { client, server } = await pair(async (peer, stream) => {
        peers.push(peer);
        await stream.sink([]);
      });
      const stream = await client.open(server, PROTOCOL, never);
      deepEqual(await collect(stream.source), []);
      deepEqual(peers, [client.self]);
    });

    it('it-pipe composes a stream with a transform', async () => {
      const { client, server } = await pair(async (_peer, stream) => {
        await pipe(stream, (source) => mapChunks(source, (chunk) => chunk.map((byte) => byte + 1)), stream);
      });
      const stream = await client.open(server, PROTOCOL, never);
      const [, answer] = await Promise.all([stream.sink([Uint8Array.of(1, 2, 3)]), collect(stream.source)]);
      deepEqual(Uint8Array.from(Buffer.concat(answer)), Uint8Array.of(2, 3, 4));
    });

    it('a loop over the source may be left and taken up again', async () => {
      const { client, server } = await pair(async (_peer, stream) => stream.sink(numbered(MIB)));
      const stream = await client.open(server, PROTOCOL, never);
      const parts: Uint8Array[] = [];
      for await (const chunk of stream.source) {
        parts.push(chunk);
        if (parts.length === 2) break;
      }
      parts.push(...(await collect(stream.source)));
      deepEqual(await digest(parts), await digest(numbered(MIB)));
    });

    it('a handler that throws fails the stream at the other end, for reading and for writing', async () => {
      const { client, server } = await pair(async () => {
        throw new Error('thrown by the test');
      });
      const stream = await client.open(server, PROTOCOL, never);
      await Promise.all([rejectsAsFailed(stream.sink(endless())), rejectsAsFailed(collect(stream.source))]);
    });

    it('a writer whose source throws fails the stream at the other end, and hears its own error', async () => {
      const failures: unknown[] = [];
      const { client, server } = await pair(async (_peer, stream) => {
        await digest(stream.source).catch((error: unknown) => failures.push(error));
      });
      const stream = await client.open(server, PROTOCOL, never);
      const thrown = new Error('thrown by the test');
      await rejects(stream.sink(failing(thrown)), thrown);
      await until(() => failures.length > 0);
      ok(isFailure(failures[0], 'ERR_STREAM_FAILED'));
    });

    it('abort fails both ends: here with the reason, there as a failed stream', async () => {
      const far = Promise.withResolvers<ByteStream>();
      const { client, server } = await pair(async (_peer, stream) => far.resolve(stream));
      const stream = await client.open(server, PROTOCOL, never);
      const reason = new Error('the reason');
      const reading = collect(stream.source);
      const writing = stream.sink(silent());
      stream.abort(reason);
      stream.abort(new Error('too late'));
      await rejects(reading, reason);
      await rejects(writing, reason);
      const { source } = await far.promise;
      await rejectsAsFailed(collect(source));
    });

    it('abort after both directions ended does nothing', async () => {
      const { client, server } = await pair(async (_peer, stream) => stream.sink(stream.source));
      const stream = await client.open(server, PROTOCOL, never);
      await stream.sink([Uint8Array.of(1)]);
      deepEqual(Buffer.concat(await collect(stream.source)), Buffer.of(1));
      stream.abort(new Error('too late'));
      deepEqual(await collect(stream.source), []);
    });

    it('a signal that is aborted ends the opening, and later the stream', async () => {
      const far = Promise.withResolvers<ByteStream>();
      const { client, server } = await pair(async (_peer, stream) => far.resolve(stream));
      const reason = new Error('the reason');
      await rejects(client.open(server, PROTOCOL, AbortSignal.abort(reason)), reason);
      const controller = new AbortController();
      const stream = await client.open(server, PROTOCOL, controller.signal);
      const reading = collect(stream.source);
      controller.abort(reason);
      await rejects(reading, reason);
      const { source } = await far.promise;
      await rejectsAsFailed(collect(source));
    });

    it('a peer that is not connected, or does not speak the protocol, is unreachable', async () => {
      const { client, server } = await pair(async (_peer, stream) => stream.sink([]));
      const stranger = generateKey().node;
      await rejects(client.open(stranger, PROTOCOL, never), (error) => isFailure(error, 'ERR_UNREACHABLE'));
      await rejects(client.open(client.self, PROTOCOL, never), (error) => isFailure(error, 'ERR_UNREACHABLE'));
      await rejects(client.open(server, '/other/1.0.0', never), (error) => isFailure(error, 'ERR_UNREACHABLE'));
    });

    it('as many streams to a peer as the limit allows can be open, and not one more until one has ended', async () => {
      const { client, server } = await pair(async (_peer, stream) => stream.sink(stream.source));
      const streams: ByteStream[] = [];
      for (let count = 0; count < STREAMS_PER_PEER_MAX; count++) {
        streams.push(await client.open(server, PROTOCOL, never));
      }
      await rejects(client.open(server, PROTOCOL, never), (error) => isFailure(error, 'ERR_OVER_LIMIT'));
      const [first, ...rest] = streams;
      ok(first !== undefined);
      await Promise.all([first.sink([]), collect(first.source)]);
      const next = await client.open(server, PROTOCOL, never);
      for (const stream of [...rest, next]) stream.abort(new Error('done'));
    });

    it('when a network stops, its streams fail at both ends instead of ending', async () => {
      const far = Promise.withResolvers<ByteStream>();
      const { client, server, stopServer } = await pair(async (_peer, stream) => {
        far.resolve(stream);
        await stream.sink(silent(Uint8Array.of(1)));
      });
      const stream = await client.open(server, PROTOCOL, never);
      for await (const chunk of stream.source) {
        deepEqual(Uint8Array.from(chunk), Uint8Array.of(1));
        break;
      }
      const [near] = await Promise.all([
        collect(stream.source).catch((error: unknown) => error),
        far.promise.then(({ source }) => rejects(collect(source))),
        stopServer(),
      ]);
      ok(isFailure(near, 'ERR_STREAM_FAILED'), String(near));
    });
  });
}

/** `bytes` bytes that differ from place to place, in chunks of many sizes. */
async function* numbered(bytes: number, onChunk: (bytes: number) => void = () => {}): AsyncGenerator<Uint8Array> {
  for (let at = 0, size = 1; at < bytes; size = ((size * 7) % 100_003) + 1) {
    const chunk = new Uint8Array(Math.min(size, bytes - at));
    for (let index = 0; index < chunk.length; index += 61) chunk[index] = (at + index) % 251;
    at += chunk.length;
    onChunk(chunk.length);
    yield chunk;
  }
}

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) {
    await nextTurn();
    yield new Uint8Array(1000);
  }
}

/** Yields `first` and then nothing, for ever. */
async function* silent(...first: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* first;
  await new Promise(() => {});
}

async function* failing(error: Error): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1000);
  throw error;
}

async function* mapChunks(
  source: AsyncIterable<Uint8Array>,
  change: (chunk: Uint8Array) => Uint8Array,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield change(chunk);
}

async function digest(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<{ hash: Hash32; bytes: number }> {
  const hash = blake3Stream();
  let bytes = 0;
  for await (const chunk of source) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { hash: hash.digest(), bytes };
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return chunks;
}

function rejectsAsFailed(promise: Promise<unknown>): Promise<void> {
  return rejects(promise, (error) => isFailure(error, 'ERR_STREAM_FAILED'));
}
