/**
 * The bytes of an identity key file: the libp2p `PrivateKey` protobuf (peer id specification), 68 bytes for Ed25519, so
 * that other libp2p tools can read it.
 *
 * Invariant: what is decoded signs for the public key in the file. A file whose halves do not belong together (torn, or
 * edited) is refused, because it would sign under a name that nobody can verify.
 */

import { privateKeyFromProtobuf, privateKeyFromRaw, privateKeyToProtobuf } from '@libp2p/crypto/keys';
import type { Ed25519PrivateKey } from '@libp2p/interface';
import { concatBytes } from '@noble/hashes/utils.js';
import { DriftlockError } from '../../crdt/errors.ts';
import { nodeFromBytes, nodeToBytes } from '../../crdt/ids.ts';
import { invariant } from '../../crdt/invariant.ts';
import { identityFromSeed, SEED_BYTES, type SecretIdentity } from './identity.ts';

export const KEY_FILE_BYTES = 68;

/** The same key as libp2p wants it. */
export function libp2pKeyOf(identity: SecretIdentity): Ed25519PrivateKey {
  const key = privateKeyFromRaw(concatBytes(identity.seed, nodeToBytes(identity.node)));
  invariant(key.type === 'Ed25519', 'a 64-byte raw key is an Ed25519 key');
  return key;
}

export function encodeKeyFile(identity: SecretIdentity): Uint8Array {
  return privateKeyToProtobuf(libp2pKeyOf(identity));
}

/** `path` is what an error names. Throws `ERR_BAD_KEY_FILE`; the error never quotes the bytes. */
export function decodeKeyFile(bytes: Uint8Array, path: string): SecretIdentity {
  if (bytes.length !== KEY_FILE_BYTES) throw badKeyFile(path, `${bytes.length} bytes`);
  const key = parse(bytes, path);
  if (key.type !== 'Ed25519') throw badKeyFile(path, `a key of type ${key.type}`);
  const identity = identityFromSeed(key.raw.subarray(0, SEED_BYTES));
  if (identity.node !== nodeFromBytes(key.publicKey.raw)) {
    throw badKeyFile(path, 'a public key that does not belong to the private key');
  }
  return identity;
}

function parse(bytes: Uint8Array, path: string): ReturnType<typeof privateKeyFromProtobuf> {
  try {
    return privateKeyFromProtobuf(bytes);
  } catch (cause) {
    throw badKeyFile(path, 'bytes that are no libp2p private key', cause);
  }
}

function badKeyFile(path: string, found: string, cause?: unknown): DriftlockError {
  const expected = `an Ed25519 private key in libp2p protobuf form, ${KEY_FILE_BYTES} bytes`;
  return new DriftlockError('ERR_BAD_KEY_FILE', { argument: path, expected, found }, { cause });
}
