/**
 * The built-in validator `linkage`. IT EXECUTES NOTHING: it checks that a block and its witness link up with the chain,
 * not that the transactions lead to the state root. A success says that the header is the one that the hash names, that
 * the witness belongs to it, and that the witness starts from the state its parent ended in; the state root it reports
 * is the header's own claim.
 *
 * Each link is a hash or an equality, so a chain source can withhold a header but not forge one. A header that does not
 * hash to its name fails the block; one that cannot be had is an error.
 */

import { isFailure } from '../../crdt/errors.ts';
import { blockId, type BlockKey } from '../../crdt/ids.ts';
import { abortReason } from '../../net/clock.ts';
import type { BlockSource } from '../chain/block-source.ts';
import { hashHeader, type Header } from '../chain/header.ts';
import {
  stoppedOutcome,
  type ValidationOutcome,
  type ValidationTask,
  type Validator,
  type WitnessInput,
} from './validator.ts';

export class LinkageValidator implements Validator {
  readonly name = 'linkage';
  readonly description =
    'checks that header, witness and parent header link up by their hashes; it executes no transactions';
  readonly executes = false;
  readonly #source: BlockSource;

  constructor(source: BlockSource) {
    this.#source = source;
  }

  async validate(task: ValidationTask, signal: AbortSignal): Promise<ValidationOutcome> {
    try {
      const header = await this.#source.header(task.key, signal);
      if (header === undefined) return this.#unknown(task.key);
      const blockFault = headerFault('block', task.key, header);
      // A header that is not the block's own says nothing about the block's state root.
      if (blockFault !== undefined) return { kind: 'failed', stateRoot: undefined, reason: blockFault };
      return await this.#checkWitness(task, header, signal);
    } catch (error) {
      if (signal.aborted) return stoppedOutcome(abortReason(signal));
      if (isFailure(error)) return { kind: 'error', reason: error.message };
      throw error;
    }
  }

  async #checkWitness(
    { key, witness }: ValidationTask,
    { stateRoot, parentHash }: Header,
    signal: AbortSignal,
  ): Promise<ValidationOutcome> {
    if (witness.parentHash !== parentHash) {
      const reason = `witness parent hash: expected ${parentHash} as in the header, found ${witness.parentHash}`;
      return { kind: 'failed', stateRoot, reason };
    }
    // Genesis has no parent that could have left a state.
    if (key.number === 0) return { kind: 'success', stateRoot };

    const parentKey = { number: key.number - 1, hash: parentHash };
    const parent = await this.#source.header(parentKey, signal);
    if (parent === undefined) return this.#unknown(parentKey);
    const reason = headerFault('parent block', parentKey, parent) ?? preStateFault(witness, parent);
    return reason === undefined ? { kind: 'success', stateRoot } : { kind: 'failed', stateRoot, reason };
  }

  #unknown(key: BlockKey): ValidationOutcome {
    return { kind: 'error', reason: `block ${blockId(key)}: not known to ${this.#source.describe()}` };
  }
}

/** Why `header` is not the header of `key`; undefined when it is. */
function headerFault(subject: string, key: BlockKey, header: Header): string | undefined {
  const hash = hashHeader(header);
  if (hash !== key.hash) return `${subject} hash: expected ${key.hash}, found a header that hashes to ${hash}`;
  if (header.number === key.number) return undefined;
  return `${subject} number: expected ${key.number}, found ${header.number} in the header of ${key.hash}`;
}

function preStateFault(witness: WitnessInput, parent: Header): string | undefined {
  if (witness.preStateRoot === parent.stateRoot) return undefined;
  return `witness pre-state root: expected ${parent.stateRoot}, where the parent block ended, found ${witness.preStateRoot}`;
}
