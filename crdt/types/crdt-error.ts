/**
 * What an operation on a data type may refuse. Merging refuses nothing: only a local operation, or the encoding of a
 * state that every decoder would refuse, can fail.
 */

import { DriftlockError } from '../errors.ts';

export type CrdtCode =
  /** The node does not hold as many rights as the operation would spend. */
  | 'ERR_NO_RIGHTS'
  /** An amount, value or counter outside the range of the type. */
  | 'ERR_OUT_OF_RANGE'
  /** A state or an element larger than decoders accept. */
  | 'ERR_OVER_LIMIT'
  /** Text that UTF-8 cannot carry: it holds half of a surrogate pair. */
  | 'ERR_BAD_TEXT';

export class CrdtError extends DriftlockError<CrdtCode> {
  override readonly name = 'CrdtError';
}
