/** A request to a holder that did not give what it should have. `argument` names what was asked for and the peer. */

import { DriftlockError } from '../../crdt/errors.ts';
import type { NodeId } from '../../crdt/ids.ts';

export type WitnessTransferCode =
  /** The peer does not have it, or not any more. */
  | 'ERR_WITNESS_NOT_FOUND'
  /** The peer serves as many streams as it may. Ask again later, or another. */
  | 'ERR_WITNESS_BUSY'
  /** A chunk list that is not that of the announced digest and size. */
  | 'ERR_WITNESS_LIST'
  /** A chunk of another length than it has. */
  | 'ERR_WITNESS_LENGTH'
  /** A chunk of the right length with wrong bytes. */
  | 'ERR_WITNESS_DIGEST'
  /** The payload of the announced digest has another size than was announced: the announcement is wrong, not the peer. */
  | 'ERR_WITNESS_SIZE'
  /** No answer in time. */
  | 'ERR_WITNESS_TOO_SLOW';

export class WitnessTransferError extends DriftlockError<WitnessTransferCode> {
  override readonly name = 'WitnessTransferError';
  readonly peer: NodeId;

  constructor(code: WitnessTransferCode, peer: NodeId, what: string, expected: string, found: string) {
    super(code, { argument: `${what} from peer ${peer}`, expected, found });
    this.peer = peer;
  }
}
