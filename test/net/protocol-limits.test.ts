/** docs/protocol.md states the limits; the code has them. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { CHUNK_BYTES } from '../../crdt/block/payload-digest.ts';
import { HOLDERS_MAX } from '../../crdt/block/holders.ts';
import { ID_TABLE_ENTRIES_MAX, RECORD_BYTES_MAX } from '../../crdt/block/record-codec.ts';
import { GROUP_ID_TABLE_ENTRIES_MAX } from '../../crdt/block/record-group.ts';
import { BLOB_IDS_MAX } from '../../crdt/block/record.ts';
import { RESULTS_MAX } from '../../crdt/block/result.ts';
import {
  WITNESS_ANNOUNCEMENTS_MAX,
  WITNESS_BLOB_IDS_MAX,
  WITNESS_PAYLOAD_BYTES_MAX,
} from '../../crdt/block/witness.ts';
import { LEASE_DURATION_MS_MAX } from '../../crdt/lease/lease.ts';
import { BLOCK_ANSWER_BYTES_MAX, BLOCK_REQUEST_BYTES_MAX } from '../../net/block/messages.ts';
import { CLOCK_EXCHANGES_MAX, CLOCK_STREAMS_PER_WINDOW_MAX } from '../../net/clock-sync/serve.ts';
import {
  AWARENESS_CLIENTS_MAX,
  AWARENESS_STATE_BYTES_MAX,
  AWARENESS_TIMEOUT_MS,
  DOCUMENT_ALERT_BYTES_MAX,
  BROWSER_FRAME_BYTES_MAX,
  DOCUMENT_BYTES_MAX,
  DOCUMENT_EXCHANGES_PER_WINDOW_MAX,
  DOCUMENT_FRAME_BYTES_MAX,
  DOCUMENT_GOSSIP_BYTES_PER_SECOND,
  DOCUMENT_MERGED_BYTES_MAX,
  DOCUMENT_MERGED_STRUCTS_MAX,
  DOCUMENT_STRUCTS_MAX,
  STATE_VECTOR_BYTES_MAX,
} from '../../net/document/limits.ts';
import { STREAM_STALL_MS_MAX } from '../../net/framing/stall-limit.ts';
import { DIGESTS_PER_PROVIDER_MAX, HOLDERS_FOUND_MAX } from '../../net/holder-directory.ts';
import { QUERIES_PER_PEER_PER_SECOND, QUERY_BYTES, QUERY_STREAM_BYTES_MAX } from '../../net/libp2p/dht/query-limit.ts';
import { BATCH_RECORDS_MAX } from '../../net/gossip/batch.ts';
import { OUTBOX_BLOCKS_MAX } from '../../net/gossip/outbox.ts';
import { GOSSIP_MESSAGE_BYTES_MAX, STREAMS_PER_PEER_MAX } from '../../net/network.ts';
import { HEARTBEAT_BYTES_MAX, REGION_BYTES_MAX, SOFTWARE_VERSION_BYTES_MAX } from '../../net/presence/heartbeat.ts';
import { PRESENCE_MEMBERS_MAX } from '../../net/presence/table.ts';
import { PIPELINE_DEPTH_MAX } from '../../net/witness/channel.ts';
import { ANSWER_TIMEOUT_MS } from '../../net/witness/client.ts';
import {
  CHALLENGE_BYTES_MAX,
  CHALLENGE_RANGES_MAX,
  CONTRACT_BUCKET_HASHES_MAX,
  CONTRACT_LINE_PARTS_MAX,
  WITNESS_ANSWER_BYTES_MAX,
  WITNESS_READ_AHEAD,
  WITNESS_READ_AHEAD_BYTES,
  WITNESS_REQUEST_BYTES_MAX,
} from '../../net/witness/limits.ts';
import { CHUNKS_ASKED_MAX, CHUNKS_ASKED_MIN } from '../../net/witness/chunk-window.ts';
import { CHUNKS_IN_FLIGHT_MAX, SOURCES_PER_PAYLOAD_MAX } from '../../net/witness/retrieve.ts';
import {
  ASKED_RECORDS_MAX,
  IDS_PER_TURN_MAX,
  LIST_ITEMS_MAX,
  MESSAGES_PER_TURN_MAX,
  RECONCILE_FRAME_BYTES_MAX,
  SKETCH_SYMBOLS_MAX,
  SKETCHES_OPEN_MAX,
  SUMMARIES_PER_FRAME_MAX,
  SUMMARIES_PER_TURN_MAX,
  TURN_BYTES_MAX,
  TURNS_MAX,
} from '../../net/reconcile/limits.ts';
import { BROWSER_BYTES_PER_SECOND, BROWSER_STEPS_PER_WINDOW_MAX } from '../../src/document/browser-session.ts';
import { BROWSERS_MAX, SOCKET_BUFFER_BYTES_MAX } from '../../src/rpc/document-socket.ts';

const LIMITS = {
  RECORD_BYTES_MAX,
  ID_TABLE_ENTRIES_MAX,
  GROUP_ID_TABLE_ENTRIES_MAX,
  RESULTS_MAX,
  WITNESS_ANNOUNCEMENTS_MAX,
  WITNESS_BLOB_IDS_MAX,
  HOLDERS_MAX,
  BLOB_IDS_MAX,
  LEASE_DURATION_MS_MAX,
  WITNESS_PAYLOAD_BYTES_MAX,
  GOSSIP_MESSAGE_BYTES_MAX,
  BATCH_RECORDS_MAX,
  OUTBOX_BLOCKS_MAX,
  HEARTBEAT_BYTES_MAX,
  REGION_BYTES_MAX,
  SOFTWARE_VERSION_BYTES_MAX,
  PRESENCE_MEMBERS_MAX,
  RECONCILE_FRAME_BYTES_MAX,
  TURN_BYTES_MAX,
  TURNS_MAX,
  MESSAGES_PER_TURN_MAX,
  SUMMARIES_PER_FRAME_MAX,
  SUMMARIES_PER_TURN_MAX,
  LIST_ITEMS_MAX,
  IDS_PER_TURN_MAX,
  ASKED_RECORDS_MAX,
  SKETCH_SYMBOLS_MAX,
  SKETCHES_OPEN_MAX,
  CLOCK_EXCHANGES_MAX,
  CLOCK_STREAMS_PER_WINDOW_MAX,
  BLOCK_REQUEST_BYTES_MAX,
  BLOCK_ANSWER_BYTES_MAX,
  DOCUMENT_BYTES_MAX,
  DOCUMENT_ALERT_BYTES_MAX,
  DOCUMENT_MERGED_BYTES_MAX,
  DOCUMENT_STRUCTS_MAX,
  DOCUMENT_MERGED_STRUCTS_MAX,
  STATE_VECTOR_BYTES_MAX,
  DOCUMENT_FRAME_BYTES_MAX,
  DOCUMENT_EXCHANGES_PER_WINDOW_MAX,
  DOCUMENT_GOSSIP_BYTES_PER_SECOND,
  BROWSER_FRAME_BYTES_MAX,
  BROWSERS_MAX,
  BROWSER_BYTES_PER_SECOND,
  BROWSER_STEPS_PER_WINDOW_MAX,
  SOCKET_BUFFER_BYTES_MAX,
  AWARENESS_CLIENTS_MAX,
  AWARENESS_STATE_BYTES_MAX,
  AWARENESS_TIMEOUT_MS,
  CHUNK_BYTES,
  WITNESS_REQUEST_BYTES_MAX,
  WITNESS_ANSWER_BYTES_MAX,
  WITNESS_READ_AHEAD,
  WITNESS_READ_AHEAD_BYTES,
  PIPELINE_DEPTH_MAX,
  CHUNKS_ASKED_MAX,
  CHUNKS_ASKED_MIN,
  CHUNKS_IN_FLIGHT_MAX,
  SOURCES_PER_PAYLOAD_MAX,
  CHALLENGE_RANGES_MAX,
  CHALLENGE_BYTES_MAX,
  CONTRACT_BUCKET_HASHES_MAX,
  CONTRACT_LINE_PARTS_MAX,
  ANSWER_TIMEOUT_MS,
  STREAMS_PER_PEER_MAX,
  STREAM_STALL_MS_MAX,
  DIGESTS_PER_PROVIDER_MAX,
  QUERIES_PER_PEER_PER_SECOND,
  QUERY_BYTES,
  QUERY_STREAM_BYTES_MAX,
  HOLDERS_FOUND_MAX,
};

describe('docs/protocol.md', () => {
  it('states each limit as the code has it', async () => {
    const text = await readFile(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
    const rows = text.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm);
    assert.deepEqual(Object.fromEntries(Array.from(rows, ([, name, value]) => [name, Number(value)])), LIMITS);
  });
});
