import assert from 'node:assert/strict';
import { generateKey } from '../../../net/identity/identity.ts';
import { BATCH_CHECKS_MAX, BATCH_CHECKS_MIN, VerifyPool } from '../../../net/identity/verify-pool.ts';
import { packBatch, verifyBatch, type SignedMessage } from '../../../net/identity/verify-batch.ts';
import { VerifyThread } from '../../../net/identity/verify-thread.ts';
import { SignatureVerifier } from '../../../net/identity/verifier.ts';

const authors = [generateKey(), generateKey()];
const verifier = new SignatureVerifier();
const verifyHere = verifier.verify.bind(verifier);

/** Every fifth is forged, and every seventh has no signature at all. */
function signedMessages(count: number): readonly SignedMessage[] {
  return Array.from({ length: count }, (_, at) => {
    const author = authors[at % 2] ?? generateKey();
    const message = new TextEncoder().encode(`message ${at}`.repeat(at % 4));
    const signature = at % 7 === 6 ? new Uint8Array() : author.sign(message);
    if (at % 5 === 4 && signature.length > 0) signature[3] = (signature[3] ?? 0) ^ 1;
    return { node: author.node, message, signature };
  });
}

const isGood = (_: unknown, at: number): boolean => at % 5 !== 4 && at % 7 !== 6;

describe('signatures that are checked on threads', () => {
  it('have the answers that this thread gives, one by one or in batches of any size', async () => {
    const pool = new VerifyPool(verifier, 2);
    for (const count of [1, BATCH_CHECKS_MIN - 1, BATCH_CHECKS_MIN, 3 * BATCH_CHECKS_MAX + 1]) {
      const signed = signedMessages(count);
      const valid = await Promise.all(signed.map((one) => pool.verify(one)));
      assert.deepEqual(valid, signed.map(isGood), `${count} at once`);
    }
  });

  it('are packed and answered in order', () => {
    const signed = signedMessages(40);
    assert.deepEqual([...verifyBatch(packBatch(signed), verifyHere)], signed.map(isGood).map(Number));
  });

  it('are checked here when the thread dies, and the next batch has a new one', async () => {
    const deadly = new URL('data:text/javascript,process.exit(3)');
    const thread = new VerifyThread(verifyHere, deadly);
    const signed = signedMessages(20);
    for (let round = 0; round < 2; round++) {
      assert.deepEqual([...(await thread.check(signed))], signed.map(isGood).map(Number));
      assert.equal(thread.load, 0);
    }
  });
});
