import assert from 'node:assert/strict';
import * as encoding from 'lib0/encoding';
import { writeSyncStep1, writeSyncStep2, writeUpdate } from 'y-protocols/sync.js';
import * as Y from 'yjs';
import { bytesToHex } from '../../../crdt/hex.ts';
import { decodeBrowserMessage, encodeBrowserMessage, type BrowserMessage } from '../../../net/document/browser.ts';
import { DOCUMENT_FRAME_BYTES_MAX, STATE_VECTOR_BYTES_MAX } from '../../../net/document/limits.ts';
import { assertDecodeFails, truncationsOf } from '../spoiled-bytes.ts';

const update = Uint8Array.of(0, 0);

const GOLDEN: readonly (readonly [BrowserMessage, string])[] = [
  [{ kind: 'step-1', stateVector: Uint8Array.of(0) }, '00000100'],
  [{ kind: 'step-2', update }, '0001020000'],
  [{ kind: 'update', update }, '0002020000'],
  [{ kind: 'awareness', update: Uint8Array.of(0) }, '010100'],
  [{ kind: 'may-write', mayWrite: true }, '0201'],
  [{ kind: 'may-write', mayWrite: false }, '0200'],
];

function step1(sizeBytes: number): Uint8Array {
  return encodeBrowserMessage({ kind: 'step-1', stateVector: new Uint8Array(sizeBytes) });
}

/** As y-websocket frames what y-protocols writes. */
function framed(write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 0);
  write(encoder);
  return encoding.toUint8Array(encoder);
}

function step2(sizeBytes: number): Uint8Array {
  return encodeBrowserMessage({ kind: 'step-2', update: new Uint8Array(sizeBytes) });
}

describe('what browsers and nodes say to each other', () => {
  it('has golden bytes, and comes back as it went', () => {
    for (const [message, hex] of GOLDEN) {
      const bytes = encodeBrowserMessage(message);
      assert.equal(bytesToHex(bytes), hex);
      assert.deepEqual(decodeBrowserMessage(bytes), message);
    }
  });

  it('is what y-protocols writes, framed as y-websocket does', () => {
    const doc = new Y.Doc();
    doc.getText('text').insert(0, 'x'.repeat(1_000));
    const whole = Y.encodeStateAsUpdate(doc);
    const cases: readonly (readonly [Uint8Array, BrowserMessage])[] = [
      [framed((encoder) => writeSyncStep1(encoder, doc)), { kind: 'step-1', stateVector: Y.encodeStateVector(doc) }],
      [framed((encoder) => writeSyncStep2(encoder, doc)), { kind: 'step-2', update: whole }],
      [framed((encoder) => writeUpdate(encoder, whole)), { kind: 'update', update: whole }],
    ];
    for (const [frame, message] of cases) {
      assert.deepEqual(decodeBrowserMessage(frame), message);
      assert.deepEqual(encodeBrowserMessage(message), frame);
    }
  });

  it('is passed over when it is of a kind that is not known', () => {
    assert.equal(decodeBrowserMessage(Uint8Array.of(3)), undefined);
    assert.equal(decodeBrowserMessage(Uint8Array.of(0, 3, 1, 1)), undefined);
  });

  it('is refused when it is cut short, has more behind it, or is over a limit', () => {
    for (const [message] of GOLDEN) {
      const bytes = encodeBrowserMessage(message);
      for (const cut of truncationsOf(bytes)) assertDecodeFails(() => decodeBrowserMessage(cut), 'ERR_TRUNCATED', '');
      const longer = Uint8Array.of(...bytes, 0);
      assertDecodeFails(() => decodeBrowserMessage(longer), 'ERR_TRAILING_BYTES', 'browser message');
    }
    assertDecodeFails(() => decodeBrowserMessage(Uint8Array.of(2, 2)), 'ERR_OVER_LIMIT', 'may write');
    assert.equal(decodeBrowserMessage(step1(STATE_VECTOR_BYTES_MAX))?.kind, 'step-1');
    assertDecodeFails(() => decodeBrowserMessage(step1(STATE_VECTOR_BYTES_MAX + 1)), 'ERR_OVER_LIMIT', 'state vector');
    assert.equal(decodeBrowserMessage(step2(DOCUMENT_FRAME_BYTES_MAX))?.kind, 'step-2', 'the largest document');
    assertDecodeFails(() => decodeBrowserMessage(step2(DOCUMENT_FRAME_BYTES_MAX + 1)), 'ERR_OVER_LIMIT', 'update');
  });
});
