import assert from 'node:assert/strict';
import { generateKey } from '../../net/identity/identity.ts';
import { verifySignature } from '../../net/identity/verify.ts';
import type { Libp2pNetwork } from '../../net/libp2p/network.ts';
import { MemberList } from '../../net/membership/member-list.ts';
import { prepareDatadir } from '../../src/datadir/prepare.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { DocumentRoom } from '../../src/document/document-room.ts';
import { TEST_TIMEOUT_MS, until } from '../cluster/until.ts';
import { libp2pNode } from '../net/transport/clusters.ts';
import { machineClock, machineRandom } from '../net/transport/machine.ts';
import { CLUSTER, LAYOUT, noteIn, type } from './rooms.ts';

const KEY = 'incident/1f';

interface Running {
  readonly room: DocumentRoom;
  readonly network: Libp2pNetwork;
}

describe('the cluster document over libp2p', function () {
  this.timeout(TEST_TIMEOUT_MS);
  const running: Running[] = [];

  afterEach(async () => {
    for (const { room, network } of running.splice(0)) {
      await room.stop();
      await network.stop();
    }
  });

  it('takes what was written on two sides that could not reach each other, once a third node links them', async () => {
    const keys = [generateKey(), generateKey(), generateKey()] as const;
    const [west, middle, east] = keys;
    const start = async (key: typeof west, dial: readonly string[]): Promise<Running> => {
      const others = key === middle ? [west.node, east.node] : [middle.node];
      const network = libp2pNode({ key, members: new MemberList(key.node, others), dial });
      const disk = new MemoryDisk();
      await prepareDatadir(disk, LAYOUT);
      const room = new DocumentRoom({
        cluster: CLUSTER,
        signer: key,
        clock: machineClock,
        random: machineRandom,
        disk,
        layout: LAYOUT,
        network,
        isMember: (node) => keys.some((member) => member.node === node),
        verify: verifySignature,
        onEvent: () => {},
      });
      await room.open();
      await network.start();
      room.start();
      const started = { room, network };
      running.push(started);
      return started;
    };
    const [a, c] = [await start(west, []), await start(east, [])];
    type(a.room, KEY, 'from the west. ', 1);
    type(c.room, KEY, 'from the east. ', 2);
    const b = await start(middle, [...a.network.addresses(), ...c.network.addresses()]);
    const all = [a, b, c];
    const texts = (): (string | undefined)[] => all.map(({ room }) => noteIn(room, KEY));
    await until('both sides are everywhere', () => new Set(texts()).size === 1 && texts()[0]?.length === 30);
    type(c.room, KEY, 'by gossip. ', 3);
    await until('the last edit is everywhere', () => texts().every((text) => text?.startsWith('by gossip. ')));
    const prints = all.map(({ room }) => Buffer.from(room.document.fingerprint()).toString('hex'));
    assert.equal(new Set(prints).size, 1);
    await until('all are shown', () => all.every(({ room }) => room.presences.count === 3));
  });
});
