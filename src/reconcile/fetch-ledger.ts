/**
 * What the sessions under way are fetching, so that several peers at once do not send the same records.
 *
 * Invariant: a range or an id is reserved by one session at a time, ranges of different sessions do not overlap, and
 * whatever a session has reserved is free again once it has ended, well or not.
 */

import { compareItems, type ItemId, type ItemRange } from '../../net/reconcile/index/item.ts';
import type { FetchClaims } from '../../net/reconcile/view.ts';

/** What one session has reserved. */
export interface SessionClaims extends FetchClaims {
  /** The session has ended. */
  release(): void;
}

export class FetchLedger {
  readonly #ranges = new Map<SessionClaims, ItemRange[]>();
  readonly #ids = new Map<ItemId, SessionClaims>();

  /** Call it when a session begins. */
  begin(): SessionClaims {
    const own: ItemRange[] = [];
    const claims: SessionClaims = {
      range: (range) => {
        if (this.#isTaken(range, claims)) return false;
        own.push(range);
        return true;
      },
      id: (id) => {
        const owner = this.#ids.get(id);
        if (owner === undefined) this.#ids.set(id, claims);
        return owner === undefined || owner === claims;
      },
      isBusy: (range) => this.#isTaken(range, claims),
      release: () => {
        this.#ranges.delete(claims);
        for (const [id, owner] of this.#ids) if (owner === claims) this.#ids.delete(id);
      },
    };
    this.#ranges.set(claims, own);
    return claims;
  }

  #isTaken(range: ItemRange, self: SessionClaims): boolean {
    for (const [owner, taken] of this.#ranges) {
      if (owner !== self && taken.some((other) => overlap(other, range))) return true;
    }
    return false;
  }
}

function overlap(a: ItemRange, b: ItemRange): boolean {
  return compareItems(a.from, b.to) < 0 && compareItems(b.from, a.to) < 0;
}
