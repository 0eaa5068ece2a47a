/**
 * What can go wrong between two nodes, the same for every transport, so that a protocol handles one set of codes.
 */

import { DriftlockError } from '../crdt/errors.ts';
import type { NodeId } from '../crdt/ids.ts';
import { GOSSIP_MESSAGE_BYTES_MAX, STREAMS_PER_PEER_MAX } from './network.ts';

export type TransportCode = 'ERR_UNREACHABLE' | 'ERR_OVER_LIMIT' | 'ERR_NOT_RUNNING' | 'ERR_STREAM_FAILED';

export class TransportError extends DriftlockError<TransportCode> {
  override readonly name = 'TransportError';
}

/** `found` says what is missing: the connection, or the protocol. */
export function unreachable(peer: NodeId, protocol: string, found: string, cause?: unknown): TransportError {
  return new TransportError(
    'ERR_UNREACHABLE',
    { argument: `peer ${peer}`, expected: `a connection that speaks ${protocol}`, found },
    { cause },
  );
}

export function tooManyStreams(peer: NodeId, protocol: string): TransportError {
  return new TransportError('ERR_OVER_LIMIT', {
    argument: `streams to peer ${peer}`,
    expected: `at most ${STREAMS_PER_PEER_MAX} of ${protocol}`,
    found: 'as many open already',
  });
}

/** Throws `ERR_OVER_LIMIT` when `bytes` is no gossip message of acceptable size. */
export function checkGossipSize(topic: string, bytes: Uint8Array): void {
  if (bytes.length <= GOSSIP_MESSAGE_BYTES_MAX) return;
  throw new TransportError('ERR_OVER_LIMIT', {
    argument: `gossip message on ${topic}`,
    expected: `at most ${GOSSIP_MESSAGE_BYTES_MAX} bytes`,
    found: `${bytes.length}`,
  });
}

export function notRunning(): TransportError {
  return new TransportError('ERR_NOT_RUNNING', {
    argument: 'network',
    expected: 'a network that has started and not stopped',
    found: 'one that is not running',
  });
}

/** The stream ended before both sides were done with it. `found` says why, `cause` holds the transport's own error. */
export function streamFailed(protocol: string, found: string, cause?: unknown): TransportError {
  return new TransportError(
    'ERR_STREAM_FAILED',
    { argument: `stream ${protocol}`, expected: 'bytes until both sides have closed it', found },
    { cause },
  );
}
