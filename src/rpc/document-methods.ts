/** `driftlock_document`: the cluster document as this node has it. */

import { z } from 'zod';
import type { NodeQueries } from '../node/queries.ts';
import type { RpcMethods } from './json-rpc.ts';
import { parseParams } from './params.ts';

/** `notes` false: without the texts of notes, which can be most of it. */
const PARAMS = z.strictObject({ notes: z.boolean().optional() });

export function documentMethods(queries: Pick<NodeQueries, 'document'>): RpcMethods {
  return new Map([
    [
      'driftlock_document',
      (params) => {
        const { notes: withTexts = true } = parseParams(PARAMS, params);
        const { notes, ...rest } = queries.document();
        return { ...rest, notes: withTexts ? notes : notes.map(({ key, atMs }) => ({ key, atMs })) };
      },
    ],
  ]);
}
