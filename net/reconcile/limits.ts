/**
 * How much one reconciliation session may hold. What is left over goes into the next session.
 */

export const RECONCILE_PROTOCOL = '/driftlock/reconcile/2';

/** The longest frame that is read. Every record fits one: it is at most 512 KiB. */
export const RECONCILE_FRAME_BYTES_MAX = 1024 * 1024;
/** The length at which a frame of records is closed and the next one begun: about 150 records. */
export const RECONCILE_FRAME_BYTES_TARGET = 64 * 1024;
/** All frames of one turn together: about 40,000 records. */
export const TURN_BYTES_MAX = 16 * 1024 * 1024;
/** Turns of both sides: every range has been cut down to single items by then, unless they change faster than that. */
export const TURNS_MAX = 48;

export const SUMMARIES_PER_TURN_MAX = 1_024;
/** In one frame: 140 KiB with all their counters. */
export const SUMMARIES_PER_FRAME_MAX = 128;
/** Messages of other kinds than summaries and records in one turn. */
export const MESSAGES_PER_TURN_MAX = 1_024;
/** Items that one list names: up to here, naming them all is cheaper than cutting the range once more. */
export const LIST_ITEMS_MAX = 64;
/** Ids in a message of offers or of wants, and in all of those of one turn. */
export const IDS_PER_TURN_MAX = 32_768;
/** Records that are asked for by range in one turn: 10 MB, some seconds of work. */
export const ASKED_RECORDS_MAX = 32_768;
/** Records that are shown to be missing in one piece, for their receiver to choose from, unless there are too many pieces. */
export const PIECE_RECORDS = 4_096;

/** Coded symbols of a sketch, and those kept of a partition: 48 KiB. */
export const SKETCH_SYMBOLS_MAX = 4_096;
/** A larger difference is cut into ranges: 1.36 symbols an item have to suffice, and the estimate may be a fifth off. */
export const SKETCH_DIFFERENCES_MAX = 2_400;
/** Sketches that one side keeps open, to be continued. */
export const SKETCHES_OPEN_MAX = 64;
