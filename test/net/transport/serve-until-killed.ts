/** A program that serves a protocol which never ends, for a parent that kills it: `<own seed in hex> <node to let in>`. */

import { nodeId } from '../../../crdt/ids.ts';
import { identityFromSeed } from '../../../net/identity/identity.ts';
import { MemberList } from '../../../net/membership/member-list.ts';
import { libp2pNode } from './clusters.ts';

const [seed = '', friend = ''] = process.argv.slice(2);
const key = identityFromSeed(Buffer.from(seed, 'hex'));
const network = libp2pNode({ key, members: new MemberList(key.node, [nodeId(friend)]) });
network.serve('/test/1.0.0', async (_peer, stream) => {
  await stream.sink(oneByteAndNothingMore());
});
network.subscribe('test/topic', () => 'accept');
await network.start();
process.stdout.write(`${network.addresses()[0]}\n`);

async function* oneByteAndNothingMore(): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(1);
  await new Promise(() => {});
}
