/** What should not be so at a node, told from its status: what `driftlock top` and the dashboard show first. */

import type { NodeStatus } from '../node/status.ts';

/** The part of a status, of this version or of an older node, that it is told from. */
export interface ConcernedStatus {
  readonly mode: string;
  readonly claimHold?: string | null | undefined;
  readonly blocks: Pick<NodeStatus['blocks'], 'disputed'>;
  readonly clock: { readonly standing: string };
  readonly files: NodeStatus['files'];
  readonly retry: Pick<NodeStatus['retry'], 'exhausted'>;
  readonly document?: Pick<NodeStatus['document'], 'unacknowledged'> | undefined;
}

export interface Concern {
  /** `alarm`: what is promised may not hold, or people have to decide. `warning`: it goes on, with less. */
  readonly level: 'alarm' | 'warning';
  readonly kind:
    | 'disputes'
    | 'degraded'
    | 'claims-paused'
    | 'clock-outside'
    | 'files-wait'
    | 'exhausted'
    | 'unacknowledged';
  readonly text: string;
}

export function concernsOf(status: ConcernedStatus): readonly Concern[] {
  const { mode, claimHold, blocks, clock, files, retry, document } = status;
  const concerns: Concern[] = [];
  const add = (level: Concern['level'], kind: Concern['kind'], text: string): void => {
    concerns.push({ level, kind, text });
  };
  if (blocks.disputed > 0) add('alarm', 'disputes', `validators disagree on ${blocksText(blocks.disputed)}`);
  if (mode === 'degraded') add('warning', 'degraded', 'too few members in reach');
  if (claimHold === 'degraded') add('warning', 'claims-paused', 'it claims nothing meanwhile');
  if (clock.standing === 'outside') {
    add('alarm', 'clock-outside', 'its clock is outside the skew bound: it claims nothing');
  }
  if (files.pending > 0 && files.lastError !== null) {
    add('alarm', 'files-wait', `files wait to be written: ${files.lastError}`);
  }
  if (retry.exhausted > 0) {
    add('warning', 'exhausted', `${blocksText(retry.exhausted)} failed so often that nobody tries again`);
  }
  const open = document?.unacknowledged ?? 0;
  if (open > 0) {
    add('warning', 'unacknowledged', `${open === 1 ? '1 alert' : `${open} alerts`} that nobody has acknowledged`);
  }
  return concerns;
}

function blocksText(count: number): string {
  return count === 1 ? '1 block' : `${count} blocks`;
}
