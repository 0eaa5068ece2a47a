/**
 * Addresses as an operator gives them, checked before anything listens or dials (multiaddr specification).
 *
 * Invariant: an address to dial names the peer that must answer (`/p2p/…`), so nobody else can answer in its place.
 */

import { multiaddr, type Multiaddr } from '@multiformats/multiaddr';
import { DriftlockError } from '../../crdt/errors.ts';
import { describeText, type NodeId } from '../../crdt/ids.ts';
import { parsePeerId } from '../identity/peer-id.ts';

export interface DialAddress {
  readonly node: NodeId;
  readonly address: Multiaddr;
}

const LISTEN_HOSTS = new Set(['ip4', 'ip6']);
const DIAL_HOSTS = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6']);

/** Throws `ERR_BAD_MULTIADDR` that names `argument`. */
export function parseListenAddress(text: string, argument = '--listen'): Multiaddr {
  const expected = 'a TCP address to listen on, such as /ip4/127.0.0.1/tcp/4001';
  const address = parse(text, argument, expected);
  const [host, port, ...rest] = address.getComponents();
  if (host === undefined || !LISTEN_HOSTS.has(host.name) || port?.name !== 'tcp' || rest.length > 0) {
    throw badMultiaddr(text, argument, expected);
  }
  return address;
}

/** Throws `ERR_BAD_MULTIADDR` or, for the peer id in it, `ERR_BAD_PEER_ID`; both name `argument`. */
export function parseDialAddress(text: string, argument = '--peer'): DialAddress {
  const expected = "a TCP address that ends in the peer's id, such as /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…";
  const address = parse(text, argument, expected);
  const [host, port, peer, ...rest] = address.getComponents();
  const complete = host !== undefined && DIAL_HOSTS.has(host.name) && port?.name === 'tcp' && peer?.name === 'p2p';
  if (!complete || peer.value === undefined || rest.length > 0) throw badMultiaddr(text, argument, expected);
  return { node: parsePeerId(peer.value, argument), address };
}

/** Whether every address is on this machine only. */
export function isLoopbackOnly(addresses: readonly Multiaddr[]): boolean {
  return addresses.every((address) => {
    const host = address.getComponents()[0]?.value;
    return host !== undefined && (host.startsWith('127.') || host === '::1');
  });
}

function parse(text: string, argument: string, expected: string): Multiaddr {
  try {
    return multiaddr(text);
  } catch (cause) {
    throw badMultiaddr(text, argument, expected, cause);
  }
}

function badMultiaddr(text: string, argument: string, expected: string, cause?: unknown): DriftlockError {
  return new DriftlockError('ERR_BAD_MULTIADDR', { argument, expected, found: describeText(text) }, { cause });
}
