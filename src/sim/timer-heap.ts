/**
 * Timers in the order in which they fire: a binary heap by time, then by the order in which they were set.
 *
 * Invariant: a cancelled timer never comes out, and costs its place only until its time would have come. Setting and
 * taking are O(log n), and allocate nothing but the timer: a run sets tens of thousands.
 */

export interface Timer {
  readonly atMs: number;
  readonly order: number;
  /** Undefined once it has fired or was cancelled. */
  fire: (() => void) | undefined;
}

export class TimerHeap {
  readonly #heap: Timer[] = [];
  #added = 0;
  #live = 0;

  /** Timers that are to fire. */
  get size(): number {
    return this.#live;
  }

  add(atMs: number, fire: () => void): Timer {
    const timer = { atMs, order: this.#added++, fire };
    this.#live++;
    this.#heap.push(timer);
    this.#moveUp(this.#heap.length - 1);
    return timer;
  }

  cancel(timer: Timer): void {
    if (timer.fire === undefined) return;
    timer.fire = undefined;
    this.#live--;
  }

  /** Takes out the first timer if it is due at `untilMs` at the latest. */
  takeUntil(untilMs: number): { readonly atMs: number; readonly fire: () => void } | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= untilMs; first = this.#heap[0]) {
      this.#removeFirst();
      const { atMs, fire } = first;
      if (fire === undefined) continue;
      this.cancel(first);
      return { atMs, fire };
    }
    return undefined;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#moveDown();
  }

  #moveUp(from: number): void {
    const heap = this.#heap;
    for (let at = from; at > 0;) {
      const above = (at - 1) >>> 1;
      const timer = heap[at];
      const parent = heap[above];
      if (timer === undefined || parent === undefined || !isEarlier(timer, parent)) return;
      heap[at] = parent;
      heap[above] = timer;
      at = above;
    }
  }

  #moveDown(): void {
    const heap = this.#heap;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const first = heap[left];
      const second = heap[left + 1];
      if (first === undefined) return;
      const isSecond = second !== undefined && isEarlier(second, first);
      const child = isSecond ? left + 1 : left;
      const below = isSecond ? second : first;
      const timer = heap[at];
      if (timer === undefined || !isEarlier(below, timer)) return;
      heap[at] = below;
      heap[child] = timer;
      at = child;
    }
  }
}

function isEarlier(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
