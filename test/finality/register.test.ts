import assert from 'node:assert/strict';
import fc from 'fast-check';
import { recordOf } from '../../crdt/block/record.ts';
import { isFailure } from '../../crdt/errors.ts';
import type { BlockKey } from '../../crdt/ids.ts';
import { decodeFinality, encodeFinality, FINALITY_BYTES_MAX, isFinalitySigned } from '../../net/finality/message.ts';
import { ANCESTORS_MAX, noteAncestors } from '../../src/finality/ancestors.ts';
import { FINAL_HASHES_MAX, FinalityRegister } from '../../src/finality/register.ts';
import { Replica } from '../../src/replica/replica.ts';
import { announcementWith, hashOf } from '../crdt/block/arbitraries.ts';
import { keyAt, SignedNodes } from '../net/signed-nodes.ts';
import { holds } from '../properties.ts';

function keyOf(number: number): BlockKey {
  return { number, hash: hashOf(number) };
}

describe('the register of the last final block', () => {
  it('is the highest that was offered, and of two at one number the first', () => {
    const key = fc.record(
      { number: fc.nat(6), hash: fc.constantFrom(hashOf(1), hashOf(2)) },
      { noNullPrototype: true },
    );
    holds(
      fc.property(fc.array(key), (offers) => {
        const register = new FinalityRegister();
        for (const offer of offers) {
          const before = register.last;
          const outcome = register.offer(offer);
          assert.equal(register.last === before, outcome !== 'raised');
          if (outcome === 'raised') assert(before === undefined || offer.number > before.number);
          if (outcome === 'lower') assert(before !== undefined && offer.number < before.number);
          if (outcome === 'same') assert.deepEqual(offer, before);
          if (outcome === 'conflict') assert(register.contradicts(offer));
        }
        assert.equal(register.last?.number, offers.length === 0 ? undefined : Math.max(...offers.map((o) => o.number)));
      }),
    );
  });

  it(`remembers ${FINAL_HASHES_MAX} final blocks, the newest`, () => {
    const register = new FinalityRegister();
    for (let number = 0; number <= FINAL_HASHES_MAX; number++) register.offer({ number, hash: hashOf(1) });
    assert.equal(register.contradicts({ number: 0, hash: hashOf(2) }), false);
    assert.equal(register.contradicts({ number: 1, hash: hashOf(2) }), true);
  });

  it(`learns of ${ANCESTORS_MAX} blocks at once which are final, from their witnesses`, () => {
    const replica = new Replica();
    const register = new FinalityRegister();
    for (let number = 1; number <= 100; number++) {
      const witness = announcementWith({ parentHash: hashOf(number - 1) });
      replica.merge({ key: keyOf(number), record: recordOf({ witnesses: [witness] }) });
    }
    register.offer(keyOf(100));
    const found = noteAncestors(keyOf(100), register, replica);
    assert.deepEqual(
      found,
      Array.from({ length: ANCESTORS_MAX }, (_, at) => keyOf(100 - at)),
    );
    assert.equal(register.contradicts({ number: 100 - ANCESTORS_MAX + 1, hash: hashOf(999) }), true);
    assert.equal(register.contradicts({ number: 100 - ANCESTORS_MAX, hash: hashOf(999) }), false);
    assert.deepEqual(noteAncestors(keyOf(100), register, replica), [keyOf(100)]);
  });
});

describe('the message about finality', () => {
  const nodes = new SignedNodes();
  const signer = nodes.make(1);
  const message = { node: signer.node, sentAtWallMs: 1_700_000_000_000, final: keyAt(3_080) };

  it('comes back as it was sent, with a signature for its cluster alone', () => {
    const received = decodeFinality(encodeFinality('test', signer, message));
    assert.deepEqual(received.message, message);
    assert.equal(isFinalitySigned(received, 'test', nodes.verify), true);
    assert.equal(isFinalitySigned(received, 'other', nodes.verify), false);
  });

  it('is refused when it is longer or shorter, or has another version, and fits its limit', () => {
    const largest = { ...message, sentAtWallMs: 2 ** 48 - 1, final: { ...keyAt(0), number: Number.MAX_SAFE_INTEGER } };
    const bytes = encodeFinality('test', signer, largest);
    assert(bytes.length <= FINALITY_BYTES_MAX);
    assert.deepEqual(decodeFinality(bytes).message, largest);
    assert.throws(() => decodeFinality(new Uint8Array(FINALITY_BYTES_MAX + 1)), { code: 'ERR_OVER_LIMIT' });
    for (const length of [0, 63, 64, bytes.length - 1, bytes.length + 1]) {
      const other = new Uint8Array(length);
      other.set(bytes.subarray(0, length));
      assert.throws(
        () => decodeFinality(other),
        (error) => isFailure(error),
      );
    }
    assert.throws(() => decodeFinality(bytes.with(0, 2)), { code: 'ERR_UNKNOWN_VERSION' });
  });
});
