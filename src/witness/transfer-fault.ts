/**
 * Whose fault a failed transfer is.
 *
 * Invariant: pure. A holder is at fault for what it sent and no correct holder sends; who is silent, busy or without the payload
 * has shown nothing; and for a size that the payload does not have, who announced it is at fault and no holder.
 */

import { PeerMisbehaved } from '../../net/framing/peer-misbehaved.ts';
import { WitnessTransferError } from '../../net/witness/transfer-error.ts';

export type TransferFault = 'holder' | 'announcement' | 'nobody';

export function transferFaultOf(error: unknown): TransferFault {
  if (error instanceof PeerMisbehaved) return 'holder';
  if (!(error instanceof WitnessTransferError)) return 'nobody';
  switch (error.code) {
    case 'ERR_WITNESS_LIST':
    case 'ERR_WITNESS_LENGTH':
    case 'ERR_WITNESS_DIGEST':
      return 'holder';
    case 'ERR_WITNESS_SIZE':
      return 'announcement';
    default:
      return 'nobody';
  }
}
