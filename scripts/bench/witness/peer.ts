/**
 * A node of the witness benchmarks: a process of its own, with its own directory, that its parent commands over IPC and that
 * also serves a bare libp2p stream of any length.
 *
 * The first message says where it lives and whom it dials; it answers with its address. Then one command at a time.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { hash32, type BlockKey } from '../../../crdt/ids.ts';
import { identityFromSeed } from '../../../net/identity/identity.ts';
import { createLibp2pNetwork } from '../../../net/libp2p/network.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import { datadirLayout } from '../../../src/datadir/layout.ts';
import { prepareDatadir } from '../../../src/datadir/prepare.ts';
import { NodeDisk } from '../../../src/disk/node-disk.ts';
import { randomInteger, systemClock } from '../../../src/node/machine.ts';
import { benchNode } from '../parts/bench-node.ts';
import { BARE_PROTOCOL, bareChunks, PULSE_TOPIC, type PeerCommand, type PeerSetup } from './protocol.ts';

process.on('disconnect', () => process.exit(0));
process.once('message', (setup: PeerSetup) => void run(setup));

/** A gossiped batch with one claim is this long. */
const PULSE_BYTES = 340;

async function run({ root, seeds, self, dial, policy, waits }: PeerSetup): Promise<void> {
  const identities = seeds.map((seed) => identityFromSeed(new Uint8Array(32).fill(seed)));
  const identity = identities[self];
  if (identity === undefined) throw new Error('the peer has no identity');
  const members = new MemberList(
    identity.node,
    identities.map(({ node }) => node),
  );
  const layout = datadirLayout(root);
  await prepareDatadir(new NodeDisk(), layout);
  const listen = ['/ip4/127.0.0.1/tcp/0'];
  const network = createLibp2pNetwork({
    identity,
    members,
    listen,
    dial,
    mdns: false,
    clock: systemClock,
    random: randomInteger,
  });
  network.serve(BARE_PROTOCOL, async (_peer, stream) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream.source) chunks.push(chunk);
    await stream.sink(bareChunks(Buffer.concat(chunks).readUInt32BE()));
  });
  const pulsesMs: number[] = [];
  let forgotten = 0;
  network.subscribe(PULSE_TOPIC, ({ bytes }) => {
    pulsesMs.push(nowMs() - new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0));
    return 'accept';
  });
  const node = benchNode({
    layout,
    identity,
    members,
    network,
    witnessPolicy: policy,
    onEvent: (event) => {
      if (event.type === 'witness-fetch-failed' || event.type === 'witness-write-failed') {
        process.stderr.write(`bench peer ${self}: ${event.reason}\n`);
      }
    },
  });
  if (waits !== true) await node.start();
  process.send?.({ addresses: network.addresses() });

  const handle = async (command: PeerCommand): Promise<unknown> => {
    switch (command.kind) {
      case 'held':
        return node.shelf.size;
      case 'known':
        return node.replica.size;
      case 'linked':
        return network.peers().length;
      case 'fetch': {
        const keys = command.keys.map(keyOf);
        const start = performance.now();
        const lane = async (): Promise<void> => {
          for (let key = keys.shift(); key !== undefined; key = keys.shift()) {
            if (await node.witnesses.fetcher.fetchNow(key)) continue;
            const standing = node.witnesses.fetcher.standing(key);
            throw new Error(
              `witness ${key.number} was not fetched: it is ${standing}, of ${network.peers().length} peers`,
            );
          }
        };
        await Promise.all(Array.from({ length: command.lanes }, lane));
        return performance.now() - start;
      }
      case 'join':
        await node.start();
        return 0;
      case 'pulse':
        for (let sent = 0; sent < command.count; sent++) {
          const pulse = new Uint8Array(PULSE_BYTES);
          new DataView(pulse.buffer).setFloat64(0, nowMs());
          await network.publish(PULSE_TOPIC, pulse);
          await new Promise((resolve) => setTimeout(resolve, command.everyMs));
        }
        return command.count;
      case 'pulse-p99': {
        const sorted = pulsesMs.splice(0).sort((a, b) => a - b);
        return sorted[Math.floor(sorted.length * 0.99)] ?? NaN;
      }
      case 'bare': {
        const [peer] = network.peers();
        if (peer === undefined) throw new Error('there is no peer');
        const start = performance.now();
        const stream = await network.open(peer.node, BARE_PROTOCOL, new AbortController().signal);
        const request = Buffer.alloc(4);
        request.writeUInt32BE(command.bytes);
        await stream.sink([request]);
        let received = 0;
        for await (const chunk of stream.source) received += chunk.length;
        if (received !== command.bytes) throw new Error(`received ${received} of ${command.bytes} bytes`);
        return performance.now() - start;
      }
      case 'forget': {
        // Not removed: see `bench-directory.ts`.
        await rename(layout.witness, `${root}.forgotten-${++forgotten}`);
        await mkdir(layout.witness);
        for (const key of command.keys.map(keyOf)) await node.witnesses.intake.takeIn(key);
        return node.shelf.size;
      }
      case 'reset-peak':
        globalThis.gc?.();
        // Linux: sets the peak to what is resident now.
        writeFileSync('/proc/self/clear_refs', '5');
        return residentPeakMb();
      case 'peak':
        return residentPeakMb();
    }
  };
  process.on('message', (command: PeerCommand) => {
    handle(command).then(
      (result) => process.send?.({ result }),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
}

/** Unix time with a fraction: the same clock in all processes of the machine. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function residentPeakMb(): number {
  const status = readFileSync(join('/proc/self/status'), 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
}

function keyOf({ number, hash }: { readonly number: number; readonly hash: string }): BlockKey {
  return { number, hash: hash32(hash) };
}
