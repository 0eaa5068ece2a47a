import assert from 'node:assert/strict';
import { liveHolders } from '../../crdt/block/holders.ts';
import { DriftlockError } from '../../crdt/errors.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';
import { BLOCKS_PER_TURN, FirstLook, type FirstLookEvent } from '../../src/witness/first-look.ts';
import { parsePartialName, PartialWitness } from '../../src/witness/partial-witness.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { keyAt } from '../net/signed-nodes.ts';
import { payloadOf, wantedOf } from '../net/witness/peers.ts';
import { Cluster } from '../node/memory-cluster.ts';

interface Looked {
  readonly clock: VirtualClock;
  readonly look: FirstLook;
  readonly calls: string[];
  readonly events: FirstLookEvent[];
}

/** A look at so many blocks. `fails`: the disk does, for this one. */
function lookAt(count: number, fails = -1): Looked {
  const clock = new VirtualClock();
  const calls: string[] = [];
  const events: FirstLookEvent[] = [];
  const look = new FirstLook({
    clock,
    keys: () => Array.from({ length: count }, (_, at) => keyAt(at)),
    consider: ({ number }) => void calls.push(`consider ${number}`),
    recheck: async ({ number }) => {
      calls.push(`recheck ${number}`);
      if (number === fails) throw new DriftlockError('ERR_DISK', { argument: 'file', expected: 'it', found: 'none' });
    },
    fileOf: ({ number }: BlockKey) => `${number}.w`,
    onEvent: (event) => events.push(event),
  });
  return { clock, look, calls, events };
}

describe('the first look at what may be missing', () => {
  it('does all that it does about a block before it comes to the next, while its record is decoded', async () => {
    const { clock, look, calls } = lookAt(3);
    look.start();
    await clock.settle();
    const expected = [0, 1, 2].flatMap((at) => [`consider ${at}`, `recheck ${at}`]);
    assert.deepEqual(calls, expected);
    assert.equal(clock.timers, 0);
  });

  it('gives others a turn after BLOCKS_PER_TURN blocks, and not before', async () => {
    for (const [count, timers] of [
      [BLOCKS_PER_TURN - 1, 0],
      [BLOCKS_PER_TURN + 1, 1],
    ] as const) {
      const { clock, look, calls } = lookAt(count);
      look.start();
      await clock.settle();
      assert.equal(clock.timers, timers);
      assert.equal(calls.length, 2 * Math.min(count, BLOCKS_PER_TURN));
      await clock.advance(1);
      assert.equal(calls.length, 2 * count);
    }
  });

  it('goes on after a file that the disk could not read, and ends when the node stops', async () => {
    const { clock, look, calls, events } = lookAt(3 * BLOCKS_PER_TURN, 1);
    look.start();
    await clock.settle();
    assert.deepEqual(
      events.map(({ file }) => file),
      ['1.w'],
    );
    await look.stop();
    assert.equal(calls.length, 2 * BLOCKS_PER_TURN);
  });

  it('takes a node out of the holders of a witness that went away while it was stopped', async () => {
    const cluster = new Cluster();
    const [a, b] = cluster.add(2, { validates: true });
    assert(a !== undefined && b !== undefined);
    await cluster.start();
    await a.dropWitness(keyAt(1));
    await cluster.until(() => b.node.shelf.size === 1 && b.node.tally.unfinishedCount === 0, 20_000);
    await cluster.until(() => liveHolders(a.record(keyAt(1)).holders).length === 2, 20_000);
    await cluster.clock.advance(2_000);
    await b.stop();
    await b.disk.remove(b.path('witness', keyAt(1)));
    cluster.partition([[a], [b]], true);
    await b.start();
    await cluster.until(() => !liveHolders(b.record(keyAt(1)).holders).includes(b.id), 1_000);
    cluster.partition([[a], [b]], false);
    await cluster.until(() => b.node.shelf.size === 1, 20_000);
    await cluster.stop();
  });
});

describe('the name of a partial file', () => {
  it('says of which payload it is, and no other name does', async () => {
    const payload = payloadOf(300_000);
    const { payloadDigest, payloadBytes } = wantedOf(payload);
    const key = keyAt(3_080);
    const fields = {
      status: 'Witnessed',
      blockHash: key.hash,
      blockNumber: key.number,
      preStateRoot: keyAt(1).hash,
      parentHash: keyAt(2).hash,
      lockTimeSeconds: 0n,
      blobIds: [],
    } as const;
    const options = { disk: new MemoryDisk(), directory: '/partial', fields, payloadDigest, payloadBytes };
    const { path } = await PartialWitness.open(options, [payloadDigest, payloadDigest]);
    const name = path.slice('/partial/'.length);
    assert.deepEqual(parsePartialName(name), { key, payloadDigest });
    for (const other of ['', 'x', `${name}.1`, `0${name}`, `${name}x`, name.replace('.w.', '.v.')]) {
      assert.equal(parsePartialName(other), undefined, other);
    }
  });
});
