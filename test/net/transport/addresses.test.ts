/** Addresses as operators give them. */

import { equal, throws } from 'node:assert/strict';
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr';
import { isFailure } from '../../../crdt/errors.ts';
import { identityFromSeed } from '../../../net/identity/identity.ts';
import { peerIdText } from '../../../net/identity/peer-id.ts';
import { isLoopbackOnly, parseDialAddress, parseListenAddress } from '../../../net/libp2p/addresses.ts';

const { node } = identityFromSeed(new Uint8Array(32).fill(1));
const peer = peerIdText(node);

describe('an address to dial', () => {
  for (const host of [
    '/ip4/192.0.2.1',
    '/ip6/2001:db8::1',
    '/dns/example.org',
    '/dns4/example.org',
    '/dns6/example.org',
  ]) {
    it(`may be ${host}/tcp/4001/p2p/…, and names its node`, () => {
      const text = `${host}/tcp/4001/p2p/${peer}`;
      const parsed = parseDialAddress(text);
      equal(parsed.node, node);
      equal(parsed.address.toString(), text);
    });
  }

  const refused = [
    '',
    'example.org:4001',
    '/ip4/192.0.2.1/tcp/4001',
    `/ip4/192.0.2.1/udp/4001/p2p/${peer}`,
    `/ip4/192.0.2.1/p2p/${peer}`,
    `/p2p/${peer}`,
    `/ip4/192.0.2.1/tcp/4001/ws/p2p/${peer}`,
    `/ip4/192.0.2.1/tcp/4001/p2p/${peer}/p2p-circuit`,
    '/ip4/192.0.2.1/tcp/99999/p2p/x',
  ];
  for (const text of refused) {
    it(`may not be ${text === '' ? 'empty' : text.replace(peer, '…')}, and the error names the flag and the text`, () => {
      throws(
        () => parseDialAddress(text),
        (error) => isFailure(error, 'ERR_BAD_MULTIADDR') && error.argument === '--peer' && error.found.length > 1,
      );
    });
  }
});

describe('an address to listen on', () => {
  it('is an IP address and a TCP port', () => {
    equal(parseListenAddress('/ip4/127.0.0.1/tcp/0').toString(), '/ip4/127.0.0.1/tcp/0');
    equal(parseListenAddress('/ip6/::/tcp/4001').toString(), '/ip6/::/tcp/4001');
  });

  for (const text of [
    '127.0.0.1:4001',
    '/ip4/127.0.0.1',
    '/ip4/300.0.0.1/tcp/1',
    '/dns/example.org/tcp/1',
    '/ip4/127.0.0.1/udp/1',
    `/ip4/127.0.0.1/tcp/1/p2p/${peer}`,
  ]) {
    it(`may not be ${text.replace(peer, '…')}`, () => {
      throws(
        () => parseListenAddress(text),
        (error) => isFailure(error, 'ERR_BAD_MULTIADDR') && error.argument === '--listen',
      );
    });
  }

  it('is loopback only for 127.0.0.0/8 and ::1', () => {
    equal(isLoopbackOnly(addresses('/ip4/127.0.0.1/tcp/0', '/ip4/127.9.9.9/tcp/0', '/ip6/::1/tcp/0')), true);
    equal(isLoopbackOnly(addresses('/ip4/127.0.0.1/tcp/0', '/ip4/0.0.0.0/tcp/0')), false);
    equal(isLoopbackOnly(addresses('/ip6/::/tcp/0')), false);
  });
});

function addresses(...texts: string[]): Multiaddr[] {
  return texts.map((text) => multiaddr(text));
}
