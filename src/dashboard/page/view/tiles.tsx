/** The state of the node in eight figures. */

import type { ComponentChildren, JSX } from 'preact';
import type { Sample, Summary } from '../../frames.ts';
import { latest, plotSeries } from '../model/plot-series.ts';
import { integer, MODE_WORDS, offsetText, rateText, wholeDuration } from '../model/words.ts';

type Tone = 'good' | 'warn' | 'alarm' | undefined;

interface TileProps {
  readonly name: string;
  readonly value: ComponentChildren;
  readonly detail: ComponentChildren;
  readonly tone?: Tone;
}

export function Tiles({
  summary,
  samples,
}: {
  readonly summary: Summary;
  readonly samples: readonly Sample[];
}): JSX.Element {
  const { mode, modeHeldMs, modeTrigger, peers, clock, blocks, files, validator, witnesses, digest } = summary;
  const linked = peers.filter(({ connected }) => connected);
  const heard = peers.filter(({ connected, live }) => live && !connected).length;
  const agreeing = linked.filter(({ agrees }) => agrees).length;
  const series = plotSeries(samples.slice(-16));
  const duplicates = latest(series.duplicatePercent);
  const isNormal = mode === 'normal';
  return (
    <section aria-label="State of the node">
      <dl class="tiles">
        <Tile
          name="Mode"
          value={MODE_WORDS[mode] ?? mode}
          detail={`for ${wholeDuration(modeHeldMs)}, ${modeTrigger.replaceAll('-', ' ')}`}
          tone={isNormal ? 'good' : 'warn'}
        />
        <Tile
          name="Members in sight"
          value={`${linked.length + heard + 1} of ${peers.length + 1}`}
          detail={heard === 0 ? `${linked.length} linked, and this node` : `${heard} heard through others only`}
          tone={linked.length + heard < peers.length ? 'warn' : undefined}
        />
        <Tile
          name="Same records"
          value={linked.length === 0 ? '–' : `${agreeing} of ${linked.length}`}
          detail={
            <>
              as of the last heartbeats; here <code>{digest.slice(0, 8)}</code>
            </>
          }
        />
        <Tile
          name="Blocks validated"
          value={integer(blocks.success)}
          detail={`of ${integer(blocks.total)}; ${integer(blocks.idle)} idle, ${integer(blocks.failed)} failed`}
          tone={blocks.failed > 0 ? 'warn' : undefined}
        />
        <Tile
          name="Finished per second"
          value={rateText(latest(series.finishedPerSecond))}
          detail={`${rateText(latest(series.claimsPerSecond))} claims here; ${validator.inFlight} at work`}
        />
        <Tile
          name="Duplicate work"
          value={duplicates === null ? '–' : `${duplicates.toFixed(1)} %`}
          detail={`${integer(blocks.duplicates)} of ${integer(blocks.results)} results in all`}
        />
        <Tile
          name="Clock against majority"
          value={clock.offsetMs === null ? '–' : offsetText(clock.offsetMs, clock.boundMs)}
          detail={`${clock.standing}, bound ±${clock.skewBoundMs} ms`}
          tone={clock.standing === 'outside' ? 'alarm' : undefined}
        />
        <Tile
          name="Waiting"
          value={integer(files.pending + validator.ready)}
          detail={`${integer(files.pending)} files, ${integer(validator.ready)} validations; ${integer(witnesses.outOfReach)} witnesses out of reach`}
          tone={files.lastError !== null && files.pending > 0 ? 'alarm' : undefined}
        />
      </dl>
    </section>
  );
}

function Tile({ name, value, detail, tone }: TileProps): JSX.Element {
  return (
    <div class={`tile ${tone ?? ''}`}>
      <dt>{name}</dt>
      <dd>
        <span class="value">{value}</span>
        <span class="detail">{detail}</span>
      </dd>
    </div>
  );
}
