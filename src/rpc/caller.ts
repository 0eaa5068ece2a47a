/**
 * Who may call the RPC server over HTTP, decided before a body is read.
 *
 * Invariant: no web page can call it, whatever address it listens on, but its own. A browser lets any page send requests to
 * loopback; it names the page in `Origin` with every POST, so a request with that header is refused. A page whose own
 * name was rebound to 127.0.0.1 (DNS rebinding) is, to the browser, of the same origin; its name is then in `Host`, so a
 * server on loopback answers to loopback names alone. Beyond loopback `Host` may be any name that operators gave the machine.
 *
 * A browser puts `Origin` on every WebSocket, and asks nobody whether a page may open it: what comes from the page that
 * this server answered with names the server itself.
 */

import { hostOfHeader, isLoopbackHost } from './host-port.ts';

export interface CallerHeaders {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** Whether it asks for a WebSocket. */
  readonly isUpgrade?: boolean;
}

export type CallerDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: 'request of a web page' | 'host is not loopback' };

export function decideCaller(
  { host, origin, isUpgrade = false }: CallerHeaders,
  listensOnLoopback: boolean,
): CallerDecision {
  if (origin !== undefined && !(isUpgrade && host !== undefined && isOriginOf(origin, host))) {
    return { allowed: false, reason: 'request of a web page' };
  }
  const named = host === undefined ? undefined : hostOfHeader(host);
  if (listensOnLoopback && (named === undefined || !isLoopbackHost(named))) {
    return { allowed: false, reason: 'host is not loopback' };
  }
  return { allowed: true };
}

/** Whether a page at `origin` came from the server that its request calls `host`, with or without TLS in front of it. */
function isOriginOf(origin: string, host: string): boolean {
  const url = URL.parse(origin);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false;
  // Both through the same parser: case, and a port that is the scheme's own, mean nothing.
  return url.host === URL.parse(`${url.protocol}//${host}`)?.host;
}
