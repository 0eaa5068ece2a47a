/**
 * What the node asks of a validator: judge one block that this node holds the lease of.
 *
 * Invariant: `failed` is a verdict on the block, and is signed and published as one. Whatever keeps a validator from
 * reaching a verdict is an `error`.
 */

import type { BlockKey, Hash32 } from '../../crdt/ids.ts';

export interface ValidationTask {
  readonly key: BlockKey;
  /** The lease's fencing token. It is part of the result; a program can use it to refuse to act for an older lease. */
  readonly epoch: number;
  readonly witness: WitnessInput;
}

/** The block's witness, as far as a validator needs to know it before reading it. */
export interface WitnessInput {
  /** Absolute path of the `.w` file. */
  readonly path: string;
  readonly parentHash: Hash32;
  /** The state root that the witness proves: what the block's transactions start from. */
  readonly preStateRoot: Hash32;
}

export type ValidationOutcome =
  | { readonly kind: 'success'; readonly stateRoot: Hash32 }
  /** The block or its witness is wrong. `stateRoot`: what the validator came to, if it came to any. */
  | { readonly kind: 'failed'; readonly stateRoot: Hash32 | undefined; readonly reason: string }
  /** No verdict: the caller tries again later. */
  | { readonly kind: 'error'; readonly reason: string };

export interface Validator {
  readonly name: string;
  /** One sentence for the help and the startup log: what a success of this validator says, and what it does not. */
  readonly description: string;
  /** Whether it runs the block's transactions. Without that, a success does not say that the state root is right. */
  readonly executes: boolean;
  /**
   * Judges one block. When `signal` is aborted (the lease is lost, the node stops) it ends soon, with an `error`. It does
   * not reject over anything that the block, the witness, the chain source or a program did.
   */
  validate(task: ValidationTask, signal: AbortSignal): Promise<ValidationOutcome>;
}

/** The outcome of a validation whose signal was aborted. */
export function stoppedOutcome(reason: Error): ValidationOutcome {
  return { kind: 'error', reason: `stopped: ${reason.message}` };
}
