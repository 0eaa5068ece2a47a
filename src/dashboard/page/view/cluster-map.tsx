/** The cluster as this node sees it: who stands where, how far away, and where its sight ends. */

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PeerSummary, Summary } from '../../frames.ts';
import {
  mapLayout,
  NAMED_MEMBERS_MAX,
  NARROW_MAP,
  WIDE_MAP,
  type PlacedMember,
  type PlacedRegion,
  type Point,
} from '../model/map-layout.ts';
import { milliseconds, shortPeer, wholeDuration } from '../model/words.ts';
import { useLabel, useRegion } from './member.tsx';
import { Card, Empty } from './parts.tsx';

const DOT = 15;
const SMALL_DOT = 6;

export function ClusterMap({ summary }: { readonly summary: Summary }): JSX.Element {
  const { peers, region, peersTotal, addresses } = summary;
  const unseen = peers.filter(({ live, connected }) => !live && !connected).length;
  const aside = unseen === 0 ? 'as this node sees it' : `${unseen} out of sight; what they do is not known here`;
  return (
    <Card place="map" title="Cluster" aside={aside}>
      {peersTotal === 0 ? (
        <Empty>
          This node is alone: it was told of no other member. Start another with{' '}
          <code>--peer {addresses[0] ?? ''}</code>, and name it here with <code>--member</code>.
        </Empty>
      ) : (
        <MapPicture summary={summary} peers={peers} region={region} />
      )}
    </Card>
  );
}

interface PictureProps {
  readonly summary: Summary;
  readonly peers: readonly PeerSummary[];
  readonly region: string;
}

function MapPicture({ summary, peers, region }: PictureProps): JSX.Element {
  const regionOf = useRegion();
  const byId = new Map(peers.map((peer) => [peer.peerId, peer]));
  const members = peers.map(({ peerId, region: where, live, connected }) => ({
    peerId,
    region: regionOf(peerId, where),
    isSeen: live || connected,
  }));
  const size = useIsPhone() ? NARROW_MAP : WIDE_MAP;
  const { centre, members: placed, regions, horizon } = mapLayout(members, regionOf(summary.peerId, region), size);
  const isNamed = placed.length <= NAMED_MEMBERS_MAX;
  return (
    <>
      <svg class="cluster" viewBox={`0 0 ${size.width} ${size.height}`} role="img" aria-label={described(peers)}>
        {horizon.length === 0 ? null : <path class="horizon" d={closedPath(horizon)} />}
        {placed.map((member) => (
          <Link key={member.peerId} member={member} peer={byId.get(member.peerId)} centre={centre} isNamed={isNamed} />
        ))}
        {regions.map((one) => (
          <RegionLabel key={one.name} region={one} />
        ))}
        {placed.map((member) => (
          <MemberDot
            key={member.peerId}
            member={member}
            peer={byId.get(member.peerId)}
            isNamed={isNamed}
            isAbove={member.y < centre.y - 1}
          />
        ))}
        <g class="self" transform={`translate(${centre.x} ${centre.y})`}>
          <circle r={DOT + 5} class="halo" />
          <circle r={DOT} />
          <text y={4} class="on-dot">
            you
          </text>
          <text y={DOT + 20}>{shortPeer(summary.peerId)}</text>
        </g>
      </svg>
      <ul class="key">
        <li>
          <svg viewBox="0 0 26 8" aria-hidden="true">
            <path d="M0 4h26" class="link up" />
          </svg>
          linked, with its round trip
        </li>
        <li>
          <svg viewBox="0 0 26 8" aria-hidden="true">
            <path d="M0 4h26" class="link heard" />
          </svg>
          heard through others
        </li>
        <li>
          <svg viewBox="0 0 26 8" aria-hidden="true">
            <path d="M0 4h8M18 4h8M10 1l6 6M16 1l-6 6" class="link cut" />
          </svg>
          out of sight
        </li>
      </ul>
    </>
  );
}

/** As `layout.css` has it. */
const PHONE = matchMedia('(max-width: 760px)');

function useIsPhone(): boolean {
  const [isPhone, setPhone] = useState(PHONE.matches);
  useEffect(() => {
    const look = (): void => setPhone(PHONE.matches);
    PHONE.addEventListener('change', look);
    return () => PHONE.removeEventListener('change', look);
  }, []);
  return isPhone;
}

type Sight = 'up' | 'heard' | 'cut';

function sightOf(peer: PeerSummary | undefined): Sight {
  if (peer?.connected === true) return 'up';
  return peer?.live === true ? 'heard' : 'cut';
}

interface LinkProps {
  readonly member: PlacedMember;
  readonly peer: PeerSummary | undefined;
  readonly centre: Point;
  readonly isNamed: boolean;
}

/** Where along the way its words stand, and where a cut is drawn. */
const WORDS_AT = 0.56;
const CUT_AT = 0.5;

function Link({ member, peer, centre, isNamed }: LinkProps): JSX.Element {
  const sight = sightOf(peer);
  const at = (share: number): Point => ({
    x: centre.x + (member.x - centre.x) * share,
    y: centre.y + (member.y - centre.y) * share,
  });
  const words = at(WORDS_AT);
  if (sight !== 'cut') {
    const roundTrip = peer?.roundTripMs ?? null;
    return (
      <g>
        <path class={`link ${sight}`} d={`M${point(centre)}L${point(member)}`} />
        {isNamed && sight === 'up' && roundTrip !== null ? (
          <g transform={`translate(${words.x.toFixed(1)} ${words.y.toFixed(1)})`} class="round-trip">
            <rect x={-27} y={-10} width={54} height={20} rx={10} />
            <text y={4}>{milliseconds(roundTrip)}</text>
          </g>
        ) : null}
      </g>
    );
  }
  const cut = at(CUT_AT);
  return (
    <g class="link cut">
      <path d={`M${point(at(0.2))}L${point(at(CUT_AT - 0.07))}M${point(at(CUT_AT + 0.07))}L${point(at(0.9))}`} />
      <path class="cross" d={`M${cut.x - 6} ${cut.y - 6}l12 12m0 -12l-12 12`} />
    </g>
  );
}

interface DotProps {
  readonly member: PlacedMember;
  readonly peer: PeerSummary | undefined;
  readonly isNamed: boolean;
  /** Its name stands above it, away from the lines. */
  readonly isAbove: boolean;
}

/** What is below the name of a member that needs a word. */
function remarkOn(sight: Sight, peer: PeerSummary | undefined): string | undefined {
  const { silentMs = null, mode = null } = peer ?? {};
  if (sight === 'cut') return silentMs === null ? 'never heard' : `silent ${wholeDuration(silentMs)}`;
  return mode === null || mode === 'normal' ? undefined : mode;
}

function MemberDot({ member, peer, isNamed, isAbove }: DotProps): JSX.Element {
  const sight = sightOf(peer);
  const isTroubled = peer !== undefined && sight === 'up' && peer.mode !== 'normal';
  const remark = remarkOn(sight, peer);
  const label = useLabel(member.peerId);
  const [nameY, remarkY] = isAbove ? [-DOT - 8, -DOT - 23] : [DOT + 16, DOT + 31];
  return (
    <g class={`member ${sight} ${isTroubled ? 'troubled' : ''}`} transform={`translate(${point(member)})`}>
      <title>{memberTitle(member, peer)}</title>
      <circle r={isNamed ? DOT : SMALL_DOT} />
      {isNamed ? (
        <>
          <text y={4} class="on-dot">
            {sight === 'cut' ? '?' : sight === 'heard' ? '~' : peer?.agrees === true ? '=' : '≠'}
          </text>
          <text y={nameY}>{label ?? shortPeer(member.peerId)}</text>
          {remark === undefined ? null : (
            <text y={remarkY} class="soft">
              {remark}
            </text>
          )}
        </>
      ) : null}
    </g>
  );
}

function RegionLabel({ region }: { readonly region: PlacedRegion }): JSX.Element | null {
  if (region.name === '') return null;
  const isCut = region.unseen > 0;
  return (
    <text
      class={`region ${isCut ? 'cut' : ''}`}
      x={region.x.toFixed(1)}
      y={(region.y + 4).toFixed(1)}
      style={{ textAnchor: region.anchor }}
    >
      {region.name}
    </text>
  );
}

function memberTitle(member: PlacedMember, peer: PeerSummary | undefined): string {
  if (peer === undefined) return member.peerId;
  const sight = { up: 'linked', heard: 'heard through others', cut: 'out of sight' }[sightOf(peer)];
  return `${member.peerId}\n${sight}, round trip ${milliseconds(peer.roundTripMs)}, mode ${peer.mode ?? 'not known'}`;
}

function described(peers: readonly PeerSummary[]): string {
  const told = peers.map((peer) => {
    const { peerId, region, roundTripMs } = peer;
    const where = region === null || region === '' ? '' : ` in ${region}`;
    const how = {
      up: `linked, round trip ${milliseconds(roundTripMs)}`,
      heard: 'heard through others',
      cut: 'out of sight',
    }[sightOf(peer)];
    return `${shortPeer(peerId)}${where}: ${how}`;
  });
  return `This node and ${peers.length} others. ${told.join('; ')}`;
}

function point({ x, y }: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

function closedPath(points: readonly Point[]): string {
  return `M${points.map(point).join('L')}Z`;
}
