/** `npm run docs:evidence-schema`: writes the JSON Schema of evidence, made from the schema that the program itself uses. */

import { writeFile } from 'node:fs/promises';
import { evidenceJsonSchema } from '../src/evidence/json-schema.ts';

await writeFile(new URL('../docs/evidence.schema.json', import.meta.url), evidenceJsonSchema());
