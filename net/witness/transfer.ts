/**
 * Fetches a witness payload from a peer.
 *
 * Invariant: what is returned has the size and the BLAKE3 that were asked for. Both are checked while it streams: a wrong
 * size is refused before the first byte, and a byte too many when it arrives, so a peer that never stops costs nothing.
 */

import { pipe } from 'it-pipe';
import { DriftlockError } from '../../crdt/errors.ts';
import { blake3Stream } from '../../crdt/hash.ts';
import type { Hash32, NodeId } from '../../crdt/ids.ts';
import { ChunkReader } from '../framing/chunk-reader.ts';
import { blameForBytes } from '../framing/peer-misbehaved.ts';
import type { ByteStream, Network } from '../network.ts';
import { decodeWitnessAnswer, encodeWitnessRequest, WITNESS_ANSWER_BYTES, WITNESS_PROTOCOL } from './messages.ts';

/** What is fetched, as its announcement describes it. */
export interface WantedWitness {
  readonly payloadDigest: Hash32;
  /** At most WITNESS_PAYLOAD_BYTES_MAX. */
  readonly payloadBytes: number;
}

export type WitnessTransferCode =
  /** The peer does not have it, or not any more. */
  | 'ERR_WITNESS_NOT_FOUND'
  /** The peer serves as many transfers as it may. Ask again later, or another. */
  | 'ERR_WITNESS_BUSY'
  /** The peer has another size to offer than was announced. */
  | 'ERR_WITNESS_SIZE'
  | 'ERR_WITNESS_TOO_SHORT'
  | 'ERR_WITNESS_TOO_LONG'
  /** The right number of wrong bytes. */
  | 'ERR_WITNESS_DIGEST';

/** A transfer that did not give the payload. `argument` names the payload and the peer. */
export class WitnessTransferError extends DriftlockError<WitnessTransferCode> {
  override readonly name = 'WitnessTransferError';
  readonly peer: NodeId;

  constructor(code: WitnessTransferCode, peer: NodeId, wanted: WantedWitness, expected: string, found: string) {
    super(code, { argument: `witness payload ${wanted.payloadDigest} from peer ${peer}`, expected, found });
    this.peer = peer;
  }
}

/**
 * The payload. Throws `WitnessTransferError`, `PeerMisbehaved` for an answer that does not decode, and what the network
 * throws; the stream is aborted then. `signal` ends it at any time.
 */
export async function fetchWitness(
  network: Pick<Network, 'open'>,
  peer: NodeId,
  wanted: WantedWitness,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const stream = await network.open(peer, WITNESS_PROTOCOL, signal);
  try {
    await stream.sink([encodeWitnessRequest(wanted.payloadDigest)]);
    return await receive(stream, peer, wanted);
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

async function receive(stream: ByteStream, peer: NodeId, wanted: WantedWitness): Promise<Uint8Array> {
  const reader = new ChunkReader(stream.source, WITNESS_PROTOCOL);
  const answerBytes = await reader.exactly(WITNESS_ANSWER_BYTES);
  const answer = blameForBytes(() => decodeWitnessAnswer(answerBytes));
  if (answer.status !== 'found') {
    const code = answer.status === 'busy' ? 'ERR_WITNESS_BUSY' : 'ERR_WITNESS_NOT_FOUND';
    throw new WitnessTransferError(code, peer, wanted, 'the payload', answer.status);
  }
  if (answer.payloadBytes !== wanted.payloadBytes) {
    const [expected, found] = [`${wanted.payloadBytes} bytes as announced`, `an offer of ${answer.payloadBytes}`];
    throw new WitnessTransferError('ERR_WITNESS_SIZE', peer, wanted, expected, found);
  }
  return pipe(
    () => reader.rest(),
    (chunks: AsyncIterable<Uint8Array>) => collect(chunks, peer, wanted),
  );
}

async function collect(chunks: AsyncIterable<Uint8Array>, peer: NodeId, wanted: WantedWitness): Promise<Uint8Array> {
  const { payloadBytes, payloadDigest } = wanted;
  const payload = new Uint8Array(payloadBytes);
  const hash = blake3Stream();
  let received = 0;
  for await (const chunk of chunks) {
    if (received + chunk.length > payloadBytes) {
      const found = `${received + chunk.length} or more`;
      throw new WitnessTransferError('ERR_WITNESS_TOO_LONG', peer, wanted, `${payloadBytes} bytes`, found);
    }
    hash.update(chunk);
    payload.set(chunk, received);
    received += chunk.length;
  }
  if (received < payloadBytes) {
    throw new WitnessTransferError('ERR_WITNESS_TOO_SHORT', peer, wanted, `${payloadBytes} bytes`, `${received}`);
  }
  const digest = hash.digest();
  if (digest !== payloadDigest)
    throw new WitnessTransferError('ERR_WITNESS_DIGEST', peer, wanted, payloadDigest, digest);
  return payload;
}
