/**
 * `HOST:PORT`, as an operator writes where the RPC server listens and as a client writes it in its `Host` header.
 */

import { isIPv4, isIPv6 } from 'node:net';
import { DriftlockError } from '../../crdt/errors.ts';
import { describeText } from '../../crdt/ids.ts';

export interface HostPort {
  /** A name or an address; an IPv6 address without its brackets. */
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
}

/** What `driftlock status` asks when it is told nothing, and what the examples of `driftlock run` listen on. */
export const DEFAULT_RPC_PORT = 8645;

const HOST_PORT_PATTERN = /^(?:\[(?<ip6>[0-9a-f:.]+)\]|(?<host>[a-z0-9._-]+)):(?<port>[0-9]{1,5})$/i;
const HOST_PATTERN = /^(?:\[(?<ip6>[0-9a-f:.]+)\]|(?<host>[a-z0-9._-]+))(?::[0-9]{1,5})?$/i;
const PORT_MAX = 65_535;

/** Throws `ERR_BAD_HOST_PORT` that names `argument`. */
export function parseHostPort(text: string, argument: string): HostPort {
  const groups = HOST_PORT_PATTERN.exec(text)?.groups;
  const host = hostOf(groups);
  const port = Number(groups?.['port']);
  if (host === undefined || port > PORT_MAX) {
    throw new DriftlockError('ERR_BAD_HOST_PORT', {
      argument,
      expected: `HOST:PORT, such as 127.0.0.1:${DEFAULT_RPC_PORT} or [::1]:${DEFAULT_RPC_PORT}`,
      found: describeText(text),
    });
  }
  return { host, port };
}

/** The host in a `Host` header, which may leave the port out; undefined when it is malformed. */
export function hostOfHeader(header: string): string | undefined {
  return hostOf(HOST_PATTERN.exec(header)?.groups);
}

export function formatHostPort({ host, port }: HostPort): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether `host` can only ever mean this machine. A name that the resolver has to look up cannot be trusted to. */
export function isLoopbackHost(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  return host === '::1' || host.toLowerCase() === 'localhost';
}

function hostOf(groups: Record<string, string | undefined> | undefined): string | undefined {
  const ip6 = groups?.['ip6'];
  if (ip6 !== undefined) return isIPv6(ip6) ? ip6 : undefined;
  return groups?.['host'];
}
