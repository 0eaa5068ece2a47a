/**
 * `driftlock/crdt`: the data types alone, the block record and the general ones. Pure functions on immutable states; no
 * I/O, no clock, no randomness.
 */

export * from './block/fingerprint.ts';
export * from './block/holders.ts';
export * from './block/record-codec.ts';
export * from './block/record-group.ts';
export * from './block/record.ts';
export * from './block/result.ts';
export * from './block/signing.ts';
export * from './block/view.ts';
export * from './block/witness.ts';
export * from './errors.ts';
export * from './hlc.ts';
export * from './ids.ts';
export * from './lease/lease.ts';
export * from './lease/rule.ts';
export * from './types/bounded-counter.ts';
export * from './types/crdt-error.ts';
export * from './types/element.ts';
export * from './types/g-counter.ts';
export * from './types/g-set.ts';
export * from './types/lattice.ts';
export * from './types/lww-register.ts';
export * from './types/max-register.ts';
export * from './types/or-map.ts';
export * from './types/or-set.ts';
export * from './types/pn-counter.ts';
export * from './types/resettable.ts';
// What states are made of, for those who read them, and what a codec of one's own is given.
export type { CausalContext, Dot, SeenDots } from './types/causal-context.ts';
export type { DotFun, DotSet, Dotted } from './types/dot-fun.ts';
export type { DotMap, DotMapEntry } from './types/dot-map.ts';
export type { Causal, CausalType, DotStore } from './types/dot-store.ts';
export { Reader } from './codec/reader.ts';
export { Writer } from './codec/writer.ts';
