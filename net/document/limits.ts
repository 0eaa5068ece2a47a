/** How large the cluster document may become, and what one update, one frame and one member may cost. */

import { SIGNATURE_BYTES } from '../../crdt/bytes.ts';
import { HASH_BYTES } from '../../crdt/ids.ts';
import { GOSSIP_MESSAGE_BYTES_MAX } from '../network.ts';

/** Encoded, as `Y.encodeStateAsUpdate` does. Beyond it no edit is taken: years of incidents with notes of some pages. */
export const DOCUMENT_BYTES_MAX = 4 * 1024 * 1024;
/** What nodes may add to that: all the alerts there can be, beside text that fills the document. */
export const DOCUMENT_ALERT_BYTES_MAX = 2 * 1024 * 1024;
/**
 * Beyond it nodes do not even merge. Larger, because both sides of a partition may have come close to DOCUMENT_BYTES_MAX,
 * and refusing each other's edits then would keep them apart for ever.
 */
export const DOCUMENT_MERGED_BYTES_MAX = 4 * DOCUMENT_BYTES_MAX;
/** Of Yjs, at 150 to 200 bytes of memory each, and for the same two purposes: a typed character is one at worst. */
export const DOCUMENT_STRUCTS_MAX = 256 * 1024;
export const DOCUMENT_MERGED_STRUCTS_MAX = 4 * DOCUMENT_STRUCTS_MAX;
/** Of a state vector: about 10 bytes for each run of a node or page that ever wrote. */
export const STATE_VECTOR_BYTES_MAX = 256 * 1024;

/** Of one frame from a browser. A page of text is 3 kB. */
export const BROWSER_FRAME_BYTES_MAX = 1024 * 1024;

/** Browsers and nodes that show their presence, over the whole cluster. */
export const AWARENESS_CLIENTS_MAX = 1_024;
/** As JSON, in UTF-8. */
export const AWARENESS_STATE_BYTES_MAX = 2 * 1024;
/** Of an update that tells of all of them, with two numbers and a length each. */
export const AWARENESS_BYTES_MAX = AWARENESS_CLIENTS_MAX * (AWARENESS_STATE_BYTES_MAX + 3 * 8) + 2;
/** Who has said nothing for this long is gone; y-protocols' `outdatedTimeout`. */
export const AWARENESS_TIMEOUT_MS = 30_000;
/** How often those that stay say so: y-protocols renews at half the timeout. */
export const AWARENESS_RENEW_MS = AWARENESS_TIMEOUT_MS / 2;

/** What a gossip message holds besides its update: version, sender, kind, signature. */
const GOSSIP_OVERHEAD_BYTES = 1 + HASH_BYTES + 1 + SIGNATURE_BYTES;
/** A larger update is left to the exchange. */
export const DOCUMENT_GOSSIP_PAYLOAD_BYTES_MAX = GOSSIP_MESSAGE_BYTES_MAX - GOSSIP_OVERHEAD_BYTES;
/** Of one author; what is beyond it is ignored, and left to the exchange. Several people at work are some kB a second. */
export const DOCUMENT_GOSSIP_BYTES_PER_SECOND = 2 * GOSSIP_MESSAGE_BYTES_MAX;

/** Of the first 16 bytes of a BLAKE3 digest. */
export const DOCUMENT_FINGERPRINT_BYTES = 16;
/** The largest frame of an exchange: a state vector and an update of the whole document, which its last edit may have split. */
export const DOCUMENT_FRAME_BYTES_MAX = DOCUMENT_MERGED_BYTES_MAX + DOCUMENT_BYTES_MAX;
export const DOCUMENT_EXCHANGE_WINDOW_MS = 10_000;
/** Exchanges that a peer may begin in that time. A correct node begins two a minute, and one for each piece of news it hears of. */
export const DOCUMENT_EXCHANGES_PER_WINDOW_MAX = 32;
