/** A JSON value as indented lines for people: `key  value`, nested values below their key. */

import { isJsonObject, type JsonObject } from '../files/json.ts';

/** Lines of `value`, each behind `indent`. */
export function formatTree(value: JsonObject, indent = '  '): readonly string[] {
  const entries = Object.entries(value);
  const width = Math.max(0, ...entries.map(([key]) => key.length));
  return entries.flatMap(([key, field]) => {
    if (isJsonObject(field)) return [`${indent}${key}`, ...formatTree(field, `${indent}  `)];
    if (Array.isArray(field) && field.length > 0) return [`${indent}${key}`, ...formatItems(field, `${indent}  `)];
    return [`${indent}${key.padEnd(width)}  ${formatScalar(field)}`];
  });
}

function formatItems(items: readonly unknown[], indent: string): readonly string[] {
  return items.flatMap((item) => {
    if (!isJsonObject(item)) return [`${indent}- ${formatScalar(item)}`];
    const [first = '', ...rest] = formatTree(item, `${indent}  `);
    return [`${indent}- ${first.trimStart()}`, ...rest];
  });
}

function formatScalar(value: unknown): string {
  if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
