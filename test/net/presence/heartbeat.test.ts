import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  decodeHeartbeat,
  encodeHeartbeat,
  isHeartbeatSigned,
  HEARTBEAT_BYTES_MAX,
} from '../../../net/presence/heartbeat.ts';
import {
  MODES,
  REGION_BYTES_MAX,
  SOFTWARE_VERSION_BYTES_MAX,
  type Heartbeat,
} from '../../../net/presence/heartbeat.ts';
import { InvariantViolation } from '../../../crdt/invariant.ts';
import { holds } from '../../properties.ts';
import { SignedNodes } from '../signed-nodes.ts';
import { assertDecodeFails, assertSurvivesSpoiling } from '../spoiled-bytes.ts';
import { heartbeatOf } from './heartbeats.ts';

const nodes = new SignedNodes();
const signer = nodes.make(1);
const heartbeat = heartbeatOf(signer.node, {});

/** {@link heartbeat} of the node whose key is 32 times 01, in cluster "golden". */
const GOLDEN = [
  '018a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c',
  '018bcfe5680003018bcfe573b8000101',
  '02030405060708090a0b0c0d0e0f10ac02010203a6020a65752d7ac3bc7269636805302e312e30',
  '40f62d1f14c62415a2088b4efc01253c8c76ba4bb61749e56908b6ec0642b404005bf260fd0b8168d1d4f3e6263b5dc40730f87dc257d70171be6622715f1f04',
].join('');

const count = fc.maxSafeNat();
const wallMs = fc.nat(2 ** 48 - 1);
function text(bytesMax: number): fc.Arbitrary<string> {
  return fc.string({ unit: 'grapheme' }).filter((value) => Buffer.byteLength(value) <= bytesMax);
}
const arbitraryHeartbeat: fc.Arbitrary<Heartbeat> = fc
  .record({
    node: fc.constant(signer.node),
    startedAtWallMs: wallMs,
    sequence: count,
    sentAtWallMs: wallMs,
    mode: fc.constantFrom(...MODES),
    validates: fc.boolean(),
    isSkewed: fc.boolean(),
    lowestKept: count,
    digest: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    recordCount: count,
    statusCounts: fc.record({ idle: count, processing: count, failed: count, success: count }),
    region: text(REGION_BYTES_MAX),
    softwareVersion: text(SOFTWARE_VERSION_BYTES_MAX),
  })
  .map((each) => structuredClone(each));

/** The encoding of {@link heartbeat} with byte `at` set to `value`. */
function withByte(at: number, value: number): Uint8Array {
  const bytes = encodeHeartbeat('c', signer, heartbeat);
  bytes[at] = value;
  return bytes;
}

describe('a heartbeat', () => {
  it('has these bytes', () => {
    assert.equal(Buffer.from(encodeHeartbeat('golden', signer, heartbeat)).toString('hex'), GOLDEN);
    const received = decodeHeartbeat(Buffer.from(GOLDEN, 'hex'));
    assert.deepEqual(received.heartbeat, heartbeat);
    assert.ok(isHeartbeatSigned(received, 'golden', nodes.verify));
    assert.ok(!isHeartbeatSigned(received, 'silver', nodes.verify));
  });

  it('of a node with a window has the number of its lowest block behind the flags, and never a 0', () => {
    const flagsAt = 1 + 32 + 6 + 1 + 6 + 1;
    const windowed = encodeHeartbeat('golden', signer, { ...heartbeat, lowestKept: 300 });
    assert.equal(Buffer.from(windowed.subarray(flagsAt, flagsAt + 4)).toString('hex'), '05ac0201');
    windowed.set([0x80, 0], flagsAt + 1);
    assertDecodeFails(() => decodeHeartbeat(windowed), 'ERR_NOT_CANONICAL', 'heartbeat lowest kept');
    const none = new Uint8Array([...windowed.subarray(0, flagsAt + 1), 0, ...windowed.subarray(flagsAt + 3)]);
    assertDecodeFails(() => decodeHeartbeat(none), 'ERR_OUT_OF_RANGE', 'heartbeat lowest kept');
  });

  it('decodes to what was encoded, and encodes to what was decoded', () => {
    holds(
      fc.property(arbitraryHeartbeat, (given) => {
        const bytes = encodeHeartbeat('c', signer, given);
        const received = decodeHeartbeat(bytes);
        assert.deepEqual(received.heartbeat, given);
        assert.ok(isHeartbeatSigned(received, 'c', nodes.verify));
        assert.deepEqual(encodeHeartbeat('c', signer, received.heartbeat), bytes);
      }),
    );
  });

  it('spoiled in any bit or cut anywhere is undecodable or another one', () => {
    assertSurvivesSpoiling(encodeHeartbeat('c', signer, heartbeat), decodeHeartbeat);
  });

  it('of the greatest size is within its limit; one byte over the limit is refused', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const bytes = encodeHeartbeat('c', signer, {
      ...heartbeat,
      sequence: most,
      lowestKept: most,
      recordCount: most,
      statusCounts: { idle: most, processing: most, failed: most, success: most },
      region: 'r'.repeat(REGION_BYTES_MAX),
      softwareVersion: 'v'.repeat(SOFTWARE_VERSION_BYTES_MAX),
    });
    assert.ok(bytes.length <= HEARTBEAT_BYTES_MAX);
    assert.equal(decodeHeartbeat(bytes).heartbeat.region.length, REGION_BYTES_MAX);
    assertDecodeFails(
      () => decodeHeartbeat(new Uint8Array(HEARTBEAT_BYTES_MAX)),
      'ERR_UNKNOWN_VERSION',
      'heartbeat version',
    );
    assertDecodeFails(() => decodeHeartbeat(new Uint8Array(HEARTBEAT_BYTES_MAX + 1)), 'ERR_OVER_LIMIT', 'heartbeat');
  });

  it('has texts up to their limits and not one byte beyond, counted in UTF-8', () => {
    const tooLong = [
      { region: 'r'.repeat(REGION_BYTES_MAX + 1) },
      { softwareVersion: 'é'.repeat(SOFTWARE_VERSION_BYTES_MAX / 2) + 'x' },
    ];
    for (const parts of tooLong) {
      assert.throws(() => encodeHeartbeat('c', signer, { ...heartbeat, ...parts }), InvariantViolation);
    }
    const empty = { ...heartbeat, region: '', softwareVersion: '' };
    const regionAt = encodeHeartbeat('c', signer, empty).length - 64 - 2;
    for (const [at, field, bytesMax] of [
      [regionAt, 'heartbeat region length', REGION_BYTES_MAX],
      [regionAt + 1, 'heartbeat software version length', SOFTWARE_VERSION_BYTES_MAX],
    ] as const) {
      const bytes = encodeHeartbeat('c', signer, empty);
      bytes[at] = bytesMax + 1;
      assertDecodeFails(() => decodeHeartbeat(bytes), 'ERR_OVER_LIMIT', field);
    }
  });

  it('with an unknown version, mode or flags is told from a broken one', () => {
    const modeAt = 1 + 32 + 6 + 1 + 6;
    assertDecodeFails(() => decodeHeartbeat(withByte(0, 2)), 'ERR_UNKNOWN_VERSION', 'heartbeat version');
    assertDecodeFails(() => decodeHeartbeat(withByte(modeAt, 4)), 'ERR_BAD_ENUM', 'heartbeat mode');
    assertDecodeFails(() => decodeHeartbeat(withByte(modeAt + 1, 8)), 'ERR_BAD_ENUM', 'heartbeat flags');
  });
});
