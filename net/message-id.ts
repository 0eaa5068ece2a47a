/**
 * The identity of a gossip message: BLAKE3 of its topic and its bytes. It names no author and no sequence number, so a
 * message that reaches a node over two paths, or is published by two nodes, is one message.
 *
 * Invariant: different (topic, bytes) pairs hash different input, since the topic's length comes first.
 */

import { blake3 } from '../crdt/hash.ts';

const utf8 = new TextEncoder();

/** 32 bytes. */
export function gossipMessageId(topic: string, bytes: Uint8Array): Uint8Array {
  const topicBytes = utf8.encode(topic);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, topicBytes.length, true);
  return blake3(length, topicBytes, bytes);
}
