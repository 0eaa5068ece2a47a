import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mergeRecords, recordOf, type BlockRecord } from '../../../crdt/block/record.ts';
import {
  announcementMessage,
  generationMessage,
  leaseMessage,
  resultMessage,
  retainAuthors,
  signedParts,
  unverifiedParts,
  type SignedPart,
} from '../../../crdt/block/signing.ts';
import type { BlockKey, NodeId } from '../../../crdt/ids.ts';
import { holds } from '../../properties.ts';
import {
  announcementWith,
  arbitraryAnnouncement,
  arbitraryLease,
  arbitraryRecord,
  arbitraryResult,
  arbitraryUnfinishedRecord,
  hashOf,
  KEY,
  leaseWith,
  nodeOf,
  plain,
  resultWith,
  signatureOf,
} from './arbitraries.ts';

const arbitraryKey = plain<BlockKey>({
  number: fc.constantFrom(0, 127, 128, Number.MAX_SAFE_INTEGER),
  hash: fc.constantFrom(hashOf(1), hashOf(2)),
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** A signed part with all that is in it, comparable with `===`. */
function textOf({ part, message, signature }: SignedPart): string {
  return `${part} ${hex(message)} ${hex(signature)}`;
}

/** What a message is about: everything but the signature, as text. */
function contentOf(kind: string, key: BlockKey, signed: object): string {
  const { signature: _, ...terms } = { signature: undefined, ...signed };
  const sorted = Object.entries(terms).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([kind, key.number, key.hash, sorted], (_name, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : value,
  );
}

interface Signable {
  readonly content: string;
  readonly message: string;
}

const arbitrarySignable: fc.Arbitrary<Signable> = fc.oneof(
  fc.tuple(arbitraryKey, arbitraryResult).map(([key, result]) => ({
    content: contentOf('result', key, result),
    message: hex(resultMessage(key, result)),
  })),
  fc.tuple(arbitraryKey, arbitraryLease).map(([key, lease]) => ({
    content: contentOf('lease', key, lease),
    message: hex(leaseMessage(key, lease)),
  })),
  fc.tuple(arbitraryKey, arbitraryLease).map(([key, lease]) => ({
    content: contentOf('generation', key, lease),
    message: hex(generationMessage(key, lease)),
  })),
  fc.tuple(arbitraryKey, arbitraryAnnouncement).map(([key, witness]) => ({
    content: contentOf('witness', key, witness),
    message: hex(announcementMessage(key, witness)),
  })),
);

describe('signed messages', () => {
  it('are equal exactly when kind, block and every field are equal', () => {
    holds(
      fc.property(fc.array(arbitrarySignable, { maxLength: 60 }), (all) => {
        const byMessage = new Map(all.map(({ message, content }) => [message, content]));
        for (const { message, content } of all) assert.equal(byMessage.get(message), content);
        assert.equal(byMessage.size, new Set(all.map(({ content }) => content)).size);
      }),
    );
  });

  it('of different kinds begin differently, so none is the beginning of another', () => {
    holds(
      fc.property(arbitrarySignable, arbitrarySignable, (a, b) => {
        assert.equal(b.message.startsWith(a.message), a.content === b.content);
      }),
    );
  });

  const result = resultWith({});
  const lease = leaseWith({});
  const announcement = announcementWith({ blobIds: [hashOf(21)] });
  const base = [
    hex(resultMessage(KEY, result)),
    hex(leaseMessage(KEY, lease)),
    hex(generationMessage(KEY, lease)),
    hex(announcementMessage(KEY, announcement)),
  ];

  const otherResults: Parameters<typeof resultWith>[0][] = [
    { node: nodeOf(2) },
    { verdict: 'failed' },
    { stateRoot: hashOf(2) },
    { epoch: 2 },
    { sequence: 2 },
    { stamp: { wallMs: 1_001, counter: 0 } },
    { stamp: { wallMs: 1_000, counter: 1 } },
  ];
  for (const parts of otherResults) {
    it(`of a result change with its ${Object.keys(parts).join()}`, () => {
      assert.notEqual(hex(resultMessage(KEY, resultWith(parts))), base[0]);
    });
  }

  const otherLeases: Parameters<typeof leaseWith>[0][] = [
    { holder: nodeOf(2) },
    { epoch: 2 },
    { stamp: { wallMs: 1_001, counter: 0 } },
    { stamp: { wallMs: 1_000, counter: 1 } },
    { durationMs: 30_001 },
    { renewals: 1 },
    { renewedAfterMs: 1 },
    { released: true },
  ];
  for (const parts of otherLeases) {
    it(`of a lease change with its ${Object.keys(parts).join()}`, () => {
      assert.notEqual(hex(leaseMessage(KEY, leaseWith(parts))), base[1]);
      assert.notEqual(hex(generationMessage(KEY, leaseWith(parts))), base[2]);
    });
  }

  const otherAnnouncements: Parameters<typeof announcementWith>[0][] = [
    { author: nodeOf(2) },
    { state: 'Completed' },
    { payloadDigest: hashOf(9) },
    { payloadBytes: 1 },
    { parentHash: hashOf(9) },
    { preStateRoot: hashOf(9) },
    { lockTimeSeconds: 1n },
    { blobIds: [] },
    { blobIds: [hashOf(22)] },
    { blobIds: [hashOf(21), hashOf(21)] },
  ];
  for (const parts of otherAnnouncements) {
    it(`of an announcement change with its ${Object.keys(parts).join()}`, () => {
      assert.notEqual(hex(announcementMessage(KEY, announcementWith({ blobIds: [hashOf(21)], ...parts }))), base[3]);
    });
  }

  it('of a claim to validate and a claim to generate differ, though every term is the same', () => {
    holds(
      fc.property(arbitraryKey, arbitraryLease, (key, terms) => {
        assert.notEqual(hex(leaseMessage(key, terms)), hex(generationMessage(key, terms)));
      }),
    );
  });

  it('change with the block', () => {
    for (const key of [
      { ...KEY, number: KEY.number + 1 },
      { ...KEY, hash: hashOf(1) },
    ]) {
      const elsewhere = [
        resultMessage(key, result),
        leaseMessage(key, lease),
        generationMessage(key, lease),
        announcementMessage(key, announcement),
      ];
      for (const [at, message] of elsewhere.entries()) assert.notEqual(hex(message), base[at]);
    }
  });

  it('do not depend on the signature', () => {
    assert.equal(hex(resultMessage(KEY, resultWith({ signature: signatureOf(2) }))), base[0]);
  });
});

describe('the signatures to check of an arrived record', () => {
  const everything: BlockRecord = {
    ...recordOf({ results: [resultWith({})], witnesses: [announcementWith({})] }),
    lease: leaseWith({}),
    generation: leaseWith({}),
  };
  const nothing = recordOf({});

  it('are all of them when nothing is known, each with its author and kind', () => {
    const parts = unverifiedParts(KEY, everything, nothing);
    assert.deepEqual(parts, signedParts(KEY, everything));
    assert.deepEqual(parts.map(({ part }) => part).sort(), ['generation', 'lease', 'result', 'witness']);
    assert.ok(parts.every(({ author }) => author === nodeOf(1)));
  });

  it('are none when the same is known', () => {
    holds(
      fc.property(fc.oneof(arbitraryRecord, arbitraryUnfinishedRecord), (record) => {
        assert.deepEqual(unverifiedParts(KEY, record, structuredClone(record)), []);
      }),
    );
  });

  it('are exactly those of the parts that are not known word for word', () => {
    holds(
      fc.property(arbitraryUnfinishedRecord, arbitraryUnfinishedRecord, (incoming, known) => {
        const knownText = new Set(signedParts(KEY, known).map(textOf));
        const expected = signedParts(KEY, incoming)
          .map(textOf)
          .filter((part) => !knownText.has(part));
        assert.deepEqual(unverifiedParts(KEY, incoming, known).map(textOf), expected);
      }),
    );
  });

  it('include a known signature on altered content', () => {
    const known = everything;
    const altered: readonly [string, Partial<BlockRecord>][] = [
      ['result', { results: [resultWith({ epoch: 2 })] }],
      ['witness', { witnesses: [announcementWith({ payloadDigest: hashOf(12) })] }],
      ['lease', { lease: leaseWith({ epoch: 2 }) }],
      ['generation', { generation: leaseWith({ holder: nodeOf(2) }) }],
    ];
    for (const [part, parts] of altered) {
      const found = unverifiedParts(KEY, { ...everything, ...parts }, known);
      assert.deepEqual(
        found.map((signed) => signed.part),
        [part],
      );
    }
  });

  it('include known content under another signature', () => {
    const incoming = recordOf({ results: [resultWith({ signature: signatureOf(2) })] });
    assert.equal(unverifiedParts(KEY, incoming, everything).length, 1);
  });

  it('include a lease whose signature is known for the generation lease, and the other way about', () => {
    const lease = recordOf({ lease: leaseWith({}) });
    const generation = recordOf({ generation: leaseWith({}) });
    assert.equal(unverifiedParts(KEY, lease, generation).length, 1);
    assert.equal(unverifiedParts(KEY, generation, lease).length, 1);
  });

  it('leave nothing unchecked in the merged record', () => {
    holds(
      fc.property(arbitraryRecord, arbitraryRecord, (incoming, known) => {
        const checked = new Set([...signedParts(KEY, known), ...unverifiedParts(KEY, incoming, known)].map(textOf));
        for (const part of signedParts(KEY, mergeRecords(known, incoming))) assert.ok(checked.has(textOf(part)));
      }),
    );
  });
});

describe('a record without the authors that a node does not know', () => {
  it('is what their parts are not in, and the very record when there are none', () => {
    holds(
      fc.property(
        fc.oneof(arbitraryRecord, arbitraryUnfinishedRecord),
        fc.integer({ min: 0, max: 5 }),
        (record, at) => {
          const isKept = (author: NodeId): boolean => author !== nodeOf(at);
          const kept = retainAuthors(record, isKept);
          const expected = signedParts(KEY, record).filter(({ author }) => isKept(author));
          assert.deepEqual(signedParts(KEY, kept), expected);
          assert.equal(kept === record, expected.length === signedParts(KEY, record).length);
          assert.deepEqual([kept.holders, kept.blobIds], [record.holders, record.blobIds]);
        },
      ),
    );
  });
});
