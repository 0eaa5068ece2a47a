/**
 * What code that is shared with the node asks for by name, and does without in a browser (`crdt/hex.ts`). Node's own types are
 * not for the page: with them it could come to use what is not there.
 */

declare class Buffer {
  static from(buffer: ArrayBufferLike, offset: number, length: number): Buffer;
  toString(coding: 'hex'): string;
}
