/**
 * Last-write-wins register, by hybrid logical clock.
 *
 * Invariant: writes are totally ordered by stamp, then node, then value, so merging any set of them leaves the same
 * one. The value decides only between writes of one node under one stamp, which takes a node that lost its clock.
 * Shapiro et al. 2011, specification 8.
 */

import { compareStamps, readStamp, writeStamp, type HlcStamp } from '../hlc.ts';
import { compareText, type NodeId } from '../ids.ts';
import type { ElementCodec } from './element.ts';
import type { ResettableLattice } from './lattice.ts';

export interface LwwWrite<T> {
  readonly stamp: HlcStamp;
  readonly node: NodeId;
  readonly value: T;
}

/** The winning write, or undefined before the first. */
export type LwwRegister<T> = LwwWrite<T> | undefined;

export interface LwwRegisterType<T> extends ResettableLattice<LwwRegister<T>> {
  /** The delta by which `node` writes `value` at `stamp`, a stamp of its own clock. */
  readonly assign: (stamp: HlcStamp, node: NodeId, value: T) => LwwRegister<T>;
}

const NEVER_WRITTEN = 0;
const WRITTEN = 1;

export function lwwRegister<T>(codec: ElementCodec<T>): LwwRegisterType<T> {
  const compareWrites = (a: LwwWrite<T>, b: LwwWrite<T>): number =>
    compareStamps(a.stamp, b.stamp) ||
    compareText(a.node, b.node) ||
    compareText(codec.key(a.value), codec.key(b.value));

  return {
    resettable: true,
    bottom: undefined,
    assign: (stamp, node, value) => ({ stamp, node, value }),
    merge(a, b) {
      if (b === undefined) return a;
      return a !== undefined && compareWrites(a, b) >= 0 ? a : b;
    },
    write(writer, state) {
      if (state === undefined) {
        writer.u8(NEVER_WRITTEN);
        return;
      }
      writeStamp(writer.u8(WRITTEN), state.stamp);
      codec.write(writer.node(state.node), state.value);
    },
    read(reader, field) {
      const start = reader.offset;
      const presence = reader.u8(`${field} presence`);
      if (presence === NEVER_WRITTEN) return undefined;
      if (presence !== WRITTEN) {
        throw reader.fail('ERR_BAD_ENUM', `${field} presence`, '0 or 1', `${presence}`, start);
      }
      const stamp = readStamp(reader, `${field} stamp`);
      const node = reader.node(`${field} node`);
      return { stamp, node, value: codec.read(reader, `${field} value`) };
    },
  };
}
