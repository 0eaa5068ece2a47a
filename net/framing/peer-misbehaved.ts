/**
 * A peer broke a protocol: it sent what no correct node sends. The caller holds it against that peer; a stream that
 * merely failed is a `TransportError`, and nobody's fault.
 */

import { DecodeError, DriftlockError, type FailureDetail } from '../../crdt/errors.ts';

/** `argument` names what was wrong: a field, a frame, a payload. The caller knows the peer. */
export class PeerMisbehaved extends DriftlockError<'ERR_PEER_MISBEHAVED'> {
  override readonly name = 'PeerMisbehaved';

  constructor(detail: FailureDetail, options?: ErrorOptions) {
    super('ERR_PEER_MISBEHAVED', detail, options);
  }
}

/** Runs `decode`, and blames the peer for bytes that do not decode. */
export function blameForBytes<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new PeerMisbehaved(error, { cause: error });
  }
}
