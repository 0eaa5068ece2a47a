import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { Writer } from '../../../crdt/codec/writer.ts';
import { bytesToHex } from '../../../crdt/hex.ts';
import { STATE_VECTOR_BYTES_MAX } from '../../../net/document/limits.ts';
import {
  decodeDocumentAnswer,
  decodeDocumentHello,
  decodeDocumentUpdate,
  DOCUMENT_VERSION,
  encodeDocumentAnswer,
  encodeDocumentHello,
  encodeDocumentUpdate,
} from '../../../net/document/messages.ts';
import { holds } from '../../properties.ts';
import { assertDecodeFails, assertSurvivesSpoiling } from '../spoiled-bytes.ts';

const fingerprint = Uint8Array.from({ length: 16 }, (_, at) => at);
const stateVector = Uint8Array.of(1, 7, 3);
const update = Uint8Array.of(0, 0);
const bytes = fc.uint8Array({ maxLength: 300 });

function helloWith(stateVectorBytes: number): Uint8Array {
  const stateVectorPart = new Uint8Array(stateVectorBytes);
  return new Writer().u8(DOCUMENT_VERSION).fixed(fingerprint).bytes(stateVectorPart).finish();
}

describe('the messages of a document exchange', () => {
  it('have golden bytes', () => {
    const hello = encodeDocumentHello({ fingerprint, stateVector });
    assert.equal(bytesToHex(hello), '01000102030405060708090a0b0c0d0e0f03010703');
    assert.equal(bytesToHex(encodeDocumentAnswer(undefined)), '0100');
    assert.equal(bytesToHex(encodeDocumentAnswer({ stateVector, update })), '010103010703020000');
    assert.equal(bytesToHex(encodeDocumentUpdate(update)), '010000');
  });

  it('come back as they went', () => {
    holds(
      fc.property(bytes, bytes, (one, other) => {
        const hello = { fingerprint, stateVector: one };
        assert.deepEqual(decodeDocumentHello(encodeDocumentHello(hello)), hello);
        const answer = { stateVector: one, update: other };
        assert.deepEqual(decodeDocumentAnswer(encodeDocumentAnswer(answer)), answer);
        assert.deepEqual(decodeDocumentUpdate(encodeDocumentUpdate(one)), one);
      }),
    );
    assert.equal(decodeDocumentAnswer(encodeDocumentAnswer(undefined)), undefined);
  });

  it('of other versions, cut short or with more behind them are refused', () => {
    const hello = encodeDocumentHello({ fingerprint, stateVector });
    const answer = encodeDocumentAnswer({ stateVector, update });
    assertSurvivesSpoiling(hello, decodeDocumentHello);
    assertSurvivesSpoiling(answer, decodeDocumentAnswer);
    assertDecodeFails(() => decodeDocumentHello(Uint8Array.of(...hello, 0)), 'ERR_TRAILING_BYTES', 'document hello');
    assertDecodeFails(() => decodeDocumentAnswer(Uint8Array.of(1, 2)), 'ERR_BAD_ENUM', 'document answer');
    const later = Uint8Array.of(DOCUMENT_VERSION + 1, 0, 0);
    assertDecodeFails(() => decodeDocumentUpdate(later), 'ERR_UNKNOWN_VERSION', 'document update');
  });

  it('hold a state vector of STATE_VECTOR_BYTES_MAX and none a byte longer', () => {
    assert.equal(decodeDocumentHello(helloWith(STATE_VECTOR_BYTES_MAX)).stateVector.length, STATE_VECTOR_BYTES_MAX);
    assertDecodeFails(
      () => decodeDocumentHello(helloWith(STATE_VECTOR_BYTES_MAX + 1)),
      'ERR_OVER_LIMIT',
      'state vector',
    );
  });
});
