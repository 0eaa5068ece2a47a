/** Every promise that is checked, in the order in which a run reports them. */

import { ACKNOWLEDGED_RESULTS } from './acknowledged-results.ts';
import { BLOCKS_FINISHED } from './blocks-finished.ts';
import { BOUNDED } from './bounded.ts';
import { DISPUTES_KEPT } from './disputes-kept.ts';
import { EPOCHS_FENCE } from './epochs-fence.ts';
import { FILES_EQUAL_RECORDS } from './files-equal-records.ts';
import type { Invariant } from './invariant.ts';
import { ONE_HOLDER } from './one-holder.ts';
import { RECORDS_IDENTICAL } from './records-identical.ts';
import { STALENESS } from './staleness.ts';
import { SUCCESS_IS_FINAL } from './success-is-final.ts';

export const INVARIANTS: readonly Invariant[] = [
  SUCCESS_IS_FINAL,
  ONE_HOLDER,
  EPOCHS_FENCE,
  ACKNOWLEDGED_RESULTS,
  DISPUTES_KEPT,
  RECORDS_IDENTICAL,
  BLOCKS_FINISHED,
  FILES_EQUAL_RECORDS,
  BOUNDED,
  STALENESS,
];
