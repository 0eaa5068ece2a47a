/**
 * How the nodes of a demo end with it, also when it is killed: each has an IPC channel to it, and takes its end as SIGTERM.
 *
 * Only with the environment variable that the demo sets: other supervisors open such channels as well, and may restart
 * without their processes.
 */

/** Name of the environment variable. */
export const STOP_WITH_PARENT = 'DRIFTLOCK_STOP_WITH_PARENT';

/** Calls `stop` when the parent that asked for it is gone. */
export function onParentGone(stop: () => void): void {
  if (process.env[STOP_WITH_PARENT] !== '1' || process.channel === undefined) return;
  process.once('disconnect', stop);
  // The channel alone must not keep a node that has stopped from ending.
  process.channel?.unref();
}
