/**
 * Who may call the RPC server over HTTP, decided before a body is read.
 *
 * Invariant: no web page can call it, whatever address it listens on. A browser lets any page send requests to loopback; it
 * names the page in `Origin` with every POST, so a request with that header is refused. A page whose own name was
 * rebound to 127.0.0.1 (DNS rebinding) is, to the browser, of the same origin; its name is then in `Host`, so a server on
 * loopback answers to loopback names alone. Beyond loopback `Host` may be any name that operators gave the machine.
 *
 * A WebSocket is the exception: browsers send `Origin` with every one and let any page open any, so there it is the page that this
 * very server has served, and no other, that gets in. (Beyond loopback one whose name was rebound gets in too, to look on: to
 * write it would need the token.)
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

export function decideCaller({ host, origin, isUpgrade }: CallerHeaders, listensOnLoopback: boolean): CallerDecision {
  if (origin !== undefined && !(isUpgrade === true && isSamePage(host, origin))) {
    return { allowed: false, reason: 'request of a web page' };
  }
  const named = host === undefined ? undefined : hostOfHeader(host);
  if (listensOnLoopback && (named === undefined || !isLoopbackHost(named))) {
    return { allowed: false, reason: 'host is not loopback' };
  }
  return { allowed: true };
}

function isSamePage(host: string | undefined, origin: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
