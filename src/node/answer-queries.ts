/** Answers what a running node can be asked. */

import type { Disk } from '../disk/disk.ts';
import type { DocumentRoom } from '../document/document-room.ts';
import { payloadOfChild } from '../witness/payload.ts';
import type { DriftlockNode } from './node.ts';
import type { NodeQueries } from './queries.ts';
import type { NodeStatus } from './status.ts';

export function queriesOf(node: DriftlockNode, room: DocumentRoom, disk: Disk, status: () => NodeStatus): NodeQueries {
  const { replica } = node;
  return {
    view: (key) => node.view(key),
    hasWitnessAt: (number) => replica.blocksAt(number).some((key) => node.shelf.has(key)),
    witnessPayload: (number, parentHash) => payloadOfChild(disk, replica.blocksAt(number), node.shelf, parentHash),
    readBlock: (key, options) => node.reads.read(key, options),
    document: () => room.read(),
    status,
  };
}
