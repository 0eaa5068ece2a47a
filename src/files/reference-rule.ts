/** The reference's rule of who may claim a block: what its validators read out of a `.v` before they write their own claim. */

import type { ValidateInfo } from './validate-info.ts';

/** `info`: undefined where there is no file. `nowSeconds`: Unix time. */
export function isFreeForReference(info: ValidateInfo | undefined, nowSeconds: bigint): boolean {
  if (info === undefined || info.status === 'Idle' || info.status === 'Failed') return true;
  return info.status === 'Processing' && info.lockTimeSeconds < nowSeconds;
}
