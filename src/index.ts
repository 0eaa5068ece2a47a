/**
 * `driftlock` as a library: a node inside another program, and the data types. Who needs the data types alone imports
 * `driftlock/crdt`, which brings no libp2p with it.
 */

export * from '../crdt/index.ts';
export type { Scenario } from './chaos/scenario/scenario.ts';
export { ConfigError, type ConfigCode } from './config/config-error.ts';
export { DEFAULTS, type NodeConfig } from './config/node-config.ts';
export { configureNode } from './config/program-config.ts';
export type { Settings } from './config/settings.ts';
export type { DocumentStatus } from './document/document-room.ts';
export type { DocumentView } from './document/shape.ts';
export type { NodeEvent } from './node/events.ts';
export type { NodeQueries } from './node/queries.ts';
export { runNode, type RunHooks, type RunningNode } from './node/run-node.ts';
export type { BlockCounts, ClockStatus, NodeCounters, NodeStatus } from './node/status.ts';
export type { OffsetStatus, PeerClockStatus, PeerStatus, ValidatorStatus } from './node/status.ts';
export type { ValidatorChoice } from './validators/choose.ts';
export type { ValidationOutcome, ValidationTask, Validator, WitnessInput } from './validators/validator.ts';
export type { ChallengeVerdict } from './witness/challenger.ts';
export { WITNESS_LIMITS, type WitnessLimits } from './witness/limits.ts';
export type { WitnessOperations } from './witness/operations.ts';
export type { WitnessPolicy } from './witness/policy.ts';
