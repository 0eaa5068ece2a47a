/** Node ids by the thousand, in ascending order, to fill states up to their limits. */

import { nodeFromBytes, type NodeId } from '../../../crdt/ids.ts';
import { Writer } from '../../../crdt/codec/writer.ts';

export function manyNodes(count: number): NodeId[] {
  return Array.from({ length: count }, (_, at) =>
    nodeFromBytes(new Writer().uintBE(at, 6).fixed(new Uint8Array(26)).finish()),
  );
}
