/** Who works on what, and for how long that is theirs. */

import type { JSX } from 'preact';
import type { Summary } from '../../frames.ts';
import { remainingNow, type Arrived } from '../model/page-state.ts';
import { integer, shortHash } from '../model/words.ts';
import { Member } from './member.tsx';
import { BlockLink, Card, Empty, Id } from './parts.tsx';

interface LeasesProps {
  readonly summary: Arrived<Summary>;
  readonly nowMs: number;
}

export function Leases({ summary, nowMs }: LeasesProps): JSX.Element {
  const { leases, leasesTotal, peerId } = summary.value;
  return (
    <Card place="leases" title="Leases" aside={`${integer(leasesTotal)} live; the one that ends next comes first`}>
      {leases.length === 0 ? (
        <Empty>
          Nobody holds a block now. A lease appears here when a validator claims one, and goes when its result is in.
        </Empty>
      ) : (
        <div class="scroll">
          <table class="plain">
            <thead>
              <tr>
                <th>block</th>
                <th class="wide">hash</th>
                <th>holder</th>
                <th class="number">epoch</th>
                <th>remaining</th>
              </tr>
            </thead>
            <tbody>
              {leases.map((lease) => {
                const remainingMs = remainingNow(lease.remainingMs, summary.atMs, nowMs);
                return (
                  <tr key={`${lease.number}.${lease.hash}`}>
                    <td>
                      <BlockLink number={lease.number} />
                    </td>
                    <td class="wide">
                      <Id text={lease.hash} short={shortHash(lease.hash)} />
                    </td>
                    <td>
                      <Member peerId={lease.holder} ownId={peerId} />
                    </td>
                    <td class="number">{lease.epoch}</td>
                    <td>
                      <Remaining remainingMs={remainingMs} durationMs={lease.durationMs} />
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

interface RemainingProps {
  readonly remainingMs: number;
  readonly durationMs: number;
}

/** A lease's time as a bar and in seconds. An observer waits a little longer than the lease lasts, so the bar may stay full for a moment. */
export function Remaining({ remainingMs, durationMs }: RemainingProps): JSX.Element {
  const share = Math.min(1, remainingMs / durationMs);
  return (
    <span class="remaining">
      <span class="bar" aria-hidden="true">
        <span style={{ width: `${(share * 100).toFixed(1)}%` }} class={share < 0.2 ? 'low' : ''} />
      </span>
      <span class="seconds">{(remainingMs / 1_000).toFixed(1)} s</span>
    </span>
  );
}
