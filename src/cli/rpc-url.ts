/** `--rpc` of the commands that ask a running node. */

import { describeText } from '../../crdt/ids.ts';
import { DEFAULT_RPC_PORT } from '../rpc/host-port.ts';
import { UsageError } from './exit-codes.ts';

export const DEFAULT_RPC_URL = `http://127.0.0.1:${DEFAULT_RPC_PORT}`;

/** Throws a `UsageError` that names `--rpc`. */
export function parseRpcUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError('--rpc', `a URL such as ${DEFAULT_RPC_URL}`, describeText(text));
  }
  // What stands in a URL ends in logs; no node asks for it.
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('--rpc', `a URL such as ${DEFAULT_RPC_URL}`, 'one with a user name or password');
  }
  return url;
}
