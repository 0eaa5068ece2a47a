/**
 * How much one reconciliation session may hold. What is left over goes into the next session, newest blocks first.
 */

export const RECONCILE_PROTOCOL = '/driftlock/reconcile/1';

/** The longest frame that is read. Every record fits one: it is at most 512 KiB. */
export const RECONCILE_FRAME_BYTES_MAX = 1024 * 1024;
/** The length at which a frame is closed and the next one begun: about 150 records, 10 ms of signature checks. */
export const RECONCILE_FRAME_BYTES_TARGET = 64 * 1024;
/** Ranges that one side may list: 67 million block numbers. The newest are listed. */
export const RANGES_LISTED_MAX = 65_536;
/** Ranges whose blocks are compared one by one in one session. */
export const RANGES_PER_SESSION_MAX = 64;
/**
 * Blocks that one side lists in one session: two hashes at each of its block numbers. A range that holds more on its
 * own (more than 128 hashes at each number) is not reconciled.
 */
export const ITEMS_PER_SESSION_MAX = 2 * RANGES_PER_SESSION_MAX * 1024;
/** All frames of one turn together; the longest lists fit (6.6 MiB of items), and about 40,000 records. */
export const TURN_BYTES_MAX = 16 * 1024 * 1024;
