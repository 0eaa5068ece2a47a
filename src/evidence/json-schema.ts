/** The schema of evidence for programs in other languages: JSON Schema, draft 2020-12. */

import { z } from 'zod';
import { evidenceSchema } from './evidence-record.ts';

/** The text of `docs/evidence.schema.json`. */
export function evidenceJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(evidenceSchema), undefined, 2)}\n`;
}
