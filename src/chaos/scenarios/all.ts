/** The scenarios that come with the package. */

import type { Scenario } from '../scenario/scenario.ts';
import { SPLIT_IN_HALF } from './split-in-half.ts';

export const SCENARIOS: readonly Scenario[] = [SPLIT_IN_HALF];
