/** What was measured of one number of blocks. */

import { z } from 'zod';

export const growthPoints = z.array(
  z.object({
    blocks: z.number(),
    /** Only reading the files. */
    readMs: z.number(),
    coldMs: z.number(),
    warmMs: z.number(),
    /** Median, from a witness's place in the directory to the call of the validator. */
    claimMs: z.number(),
    /** Of the whole process, after a warm start. */
    residentBytes: z.number(),
    indexBytes: z.number(),
    /** Of a session when the 1,000 newest are missing, without the records. */
    newestBytes: z.number(),
    scatteredBytes: z.number(),
    /** Processor time of that session, of the side that took more. */
    sessionMs: z.number(),
  }),
);

export type GrowthPoint = z.infer<typeof growthPoints>[number];
