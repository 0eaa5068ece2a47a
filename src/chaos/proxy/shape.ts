/**
 * What a link does to the bytes that go one way over it, and how several faults on one link add up.
 *
 * Invariant: `combine` does not depend on the order of the faults, so undoing them in any order leaves what the others do.
 */

export interface LinkShape {
  /** Nothing arrives, and no connection is made: as when packets are dropped, both ends keep waiting. */
  readonly isBlocked: boolean;
  readonly latencyMs: number;
  /** Added to the latency of each chunk: 0 to this, uniformly. Order is kept, as TCP does. */
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  /** Of a thousand chunks, how many are held up: what TCP makes of a lost packet. */
  readonly stallPermille: number;
  /** How long: a retransmission timeout. */
  readonly stallMs: number;
}

export const CLEAR_LINK: LinkShape = {
  isBlocked: false,
  latencyMs: 0,
  jitterMs: 0,
  bytesPerSecond: Infinity,
  stallPermille: 0,
  stallMs: 0,
};

/** The worst of each. */
export function combine(shapes: Iterable<LinkShape>): LinkShape {
  let result = CLEAR_LINK;
  for (const shape of shapes) {
    result = {
      isBlocked: result.isBlocked || shape.isBlocked,
      latencyMs: Math.max(result.latencyMs, shape.latencyMs),
      jitterMs: Math.max(result.jitterMs, shape.jitterMs),
      bytesPerSecond: Math.min(result.bytesPerSecond, shape.bytesPerSecond),
      stallPermille: Math.max(result.stallPermille, shape.stallPermille),
      stallMs: Math.max(result.stallMs, shape.stallMs),
    };
  }
  return result;
}
