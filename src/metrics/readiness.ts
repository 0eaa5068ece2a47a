/** Whether a node should be sent work, with the reason: what `/readyz` answers. */

import type { NodeStatus } from '../node/status.ts';

export type ReadinessReason =
  /** The directory is being read: what is not read yet would be answered as unknown. */
  | 'loading'
  /** It has not yet compared its records with the others'. */
  | 'started'
  | 'ready';

export interface Readiness {
  readonly ready: boolean;
  readonly reason: ReadinessReason;
}

/** A degraded node is ready: it goes on with what it has, which is more than a balancer without any node left would give. */
export function decideReadiness({
  loading,
  mode,
  modeTrigger,
}: Pick<NodeStatus, 'loading' | 'mode' | 'modeTrigger'>): Readiness {
  if (loading !== null) return { ready: false, reason: 'loading' };
  if (mode === 'catch-up' && modeTrigger === 'started') return { ready: false, reason: 'started' };
  return { ready: true, reason: 'ready' };
}
