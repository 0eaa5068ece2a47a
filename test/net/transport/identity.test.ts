/** Keys, signatures, and the spellings of a node. */

import { deepEqual, equal, notEqual, ok, throws } from 'node:assert/strict';
import { generateKeyPair, generateKeyPairFromSeed, privateKeyToProtobuf } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import fc from 'fast-check';
import { isFailure } from '../../../crdt/errors.ts';
import { nodeFromBytes } from '../../../crdt/ids.ts';
import { generateKey, identityFromSeed, SEED_BYTES, SIGNATURE_BYTES } from '../../../net/identity/identity.ts';
import { decodeKeyFile, encodeKeyFile, KEY_FILE_BYTES, libp2pKeyOf } from '../../../net/identity/key-file.ts';
import { nodeOfPeer, parsePeerId, peerIdOf, peerIdText } from '../../../net/identity/peer-id.ts';
import { CACHED_KEYS_MAX, SignatureVerifier, verifySignature } from '../../../net/identity/verify.ts';
import { holds, holdsAsync } from '../../properties.ts';

const seeds = fc.uint8Array({ minLength: SEED_BYTES, maxLength: SEED_BYTES });
const messages = fc.uint8Array({ maxLength: 300 });

describe('an identity', () => {
  it('is the same node and gives the same signatures as libp2p makes of the same seed', async () => {
    await holdsAsync(
      fc.asyncProperty(seeds, messages, async (seed, message) => {
        const identity = identityFromSeed(seed);
        const libp2pKey = await generateKeyPairFromSeed('Ed25519', seed);
        equal(identity.node, nodeFromBytes(libp2pKey.publicKey.raw));
        equal(peerIdText(identity.node), peerIdFromPrivateKey(libp2pKey).toString());
        const signature = identity.sign(message);
        deepEqual(signature, Uint8Array.from(await libp2pKey.sign(message)));
        ok(await libp2pKey.publicKey.verify(message, signature));
        ok(verifySignature(identity.node, message, signature));
        deepEqual(libp2pKeyOf(identity).raw, libp2pKey.raw);
      }),
    );
  });

  it('is another one each time a key is generated', () => {
    notEqual(generateKey().node, generateKey().node);
  });
});

describe('a signature', () => {
  it('is valid for its author and message only', () => {
    holds(
      fc.property(seeds, seeds, messages, fc.nat(SIGNATURE_BYTES * 8 - 1), (seed, otherSeed, message, bit) => {
        fc.pre(Buffer.compare(seed, otherSeed) !== 0);
        const author = identityFromSeed(seed);
        const signature = author.sign(message);
        ok(!verifySignature(identityFromSeed(otherSeed).node, message, signature));
        ok(!verifySignature(author.node, Uint8Array.of(...message, 0), signature));
        const flipped = signature.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        ok(!verifySignature(author.node, message, flipped));
      }),
    );
  });

  it('is never valid when it has another length, or its author is no point of the curve', () => {
    const author = generateKey();
    const message = Uint8Array.of(1, 2, 3);
    for (const bytes of [0, SIGNATURE_BYTES - 1, SIGNATURE_BYTES + 1]) {
      ok(!verifySignature(author.node, message, new Uint8Array(bytes)));
    }
    ok(!verifySignature(nodeFromBytes(new Uint8Array(32).fill(0xff)), message, author.sign(message)));
  });

  it('is checked on another thread with the same answer', async () => {
    const verifier = new SignatureVerifier();
    const author = generateKey();
    const message = new Uint8Array([1, 2, 3]);
    const signature = author.sign(message);
    equal(await verifier.verifyLater(author.node, message, signature), true);
    equal(await verifier.verifyLater(author.node, message.subarray(1), signature), false);
    equal(await verifier.verifyLater(author.node, message, signature.subarray(1)), false);
  });

  it('is checked with at most CACHED_KEYS_MAX keys at hand, and with any number of authors', () => {
    const verifier = new SignatureVerifier();
    const message = Uint8Array.of(1);
    const authors = Array.from({ length: CACHED_KEYS_MAX + 1 }, (_, index) => {
      const seed = new Uint8Array(SEED_BYTES);
      new DataView(seed.buffer).setUint32(0, index);
      return identityFromSeed(seed);
    });
    for (const [index, author] of authors.entries()) {
      ok(verifier.verify(author.node, message, author.sign(message)));
      equal(verifier.cachedKeys, Math.min(index + 1, CACHED_KEYS_MAX));
    }
    for (const author of authors.slice(0, 2)) ok(verifier.verify(author.node, message, author.sign(message)));
  });
});

describe('a peer id', () => {
  it('and a node id are two spellings of one key', () => {
    holds(
      fc.property(seeds, (seed) => {
        const { node } = identityFromSeed(seed);
        equal(parsePeerId(peerIdText(node), '--member'), node);
        equal(nodeOfPeer(peerIdOf(node)), node);
      }),
    );
  });

  it('that is none, or of another kind of key, is refused by the name of its flag', async () => {
    const secp256k1 = peerIdFromPrivateKey(await generateKeyPair('secp256k1')).toString();
    for (const text of ['', 'nonsense', '12D3Koo', secp256k1]) {
      throws(
        () => parsePeerId(text, '--member'),
        (error) =>
          isFailure(error, 'ERR_BAD_PEER_ID') && error.argument === '--member' && error.found === JSON.stringify(text),
      );
    }
  });
});

describe('a key file', () => {
  it('holds an identity in 68 bytes and gives it back', () => {
    holds(
      fc.property(seeds, (seed) => {
        const identity = identityFromSeed(seed);
        const bytes = encodeKeyFile(identity);
        equal(bytes.length, KEY_FILE_BYTES);
        const decoded = decodeKeyFile(bytes, 'key');
        equal(decoded.node, identity.node);
        deepEqual(decoded.seed, identity.seed);
        deepEqual(encodeKeyFile(decoded), bytes);
      }),
    );
  });

  it('is refused with its path when it is cut, extended, of another kind of key, or not a key', async () => {
    const bytes = encodeKeyFile(generateKey());
    const secp256k1 = privateKeyToProtobuf(await generateKeyPair('secp256k1'));
    const bad = [
      new Uint8Array(),
      bytes.subarray(1),
      Uint8Array.of(...bytes, 0),
      secp256k1,
      new Uint8Array(68).fill(7),
    ];
    for (const each of bad) {
      throws(
        () => decodeKeyFile(each, '/data/key'),
        (error) => isFailure(error, 'ERR_BAD_KEY_FILE') && error.argument === '/data/key',
      );
    }
  });

  it('is refused when its two halves are of different keys', () => {
    const bytes = encodeKeyFile(generateKey());
    const other = encodeKeyFile(generateKey());
    bytes.set(other.subarray(-32), bytes.length - 32);
    throws(
      () => decodeKeyFile(bytes, '/data/key'),
      (error) => isFailure(error, 'ERR_BAD_KEY_FILE'),
    );
  });
});
