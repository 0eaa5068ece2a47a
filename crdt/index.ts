/** `driftlock/crdt`: the data types alone. Pure functions on immutable states; no I/O, no clock, no randomness. */

export * from './block/fingerprint.ts';
export * from './block/holders.ts';
export * from './block/record-codec.ts';
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
