/** Messages about a file begin with its name; where its path stands in front already, the name says nothing. */

import { basename } from 'node:path';

/** `{path}: {what is wrong}` from a message that may begin with the file's name. */
export function messageAt(path: string, message: string): string {
  const name = `${basename(path)}: `;
  return `${path}: ${message.startsWith(name) ? message.slice(name.length) : message}`;
}
