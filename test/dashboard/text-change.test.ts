import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as Y from 'yjs';
import { caretAfter, textChange, type TextChange } from '../../src/dashboard/page/model/text-change.ts';
import { holds } from '../properties.ts';

/** Of few letters, so that much is alike. */
const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 12 });

function applied(before: string, { at, deleted, inserted }: TextChange): string {
  return before.slice(0, at) + inserted + before.slice(at + deleted);
}

describe('a change of a note', () => {
  it('makes of the text before the text after, wherever the caret stands', () => {
    holds(
      fc.property(text, text, fc.nat(12), (before, after, anywhere) => {
        const change = textChange(before, after, Math.min(anywhere, after.length));
        assert.equal(change === undefined ? before : applied(before, change), after);
      }),
    );
  });

  it('is found where it was typed, among letters that are alike', () => {
    assert.deepEqual(textChange('aaaa', 'aaaaa', 2), { at: 1, deleted: 0, inserted: 'a' });
    assert.deepEqual(textChange('aaaa', 'aaa', 1), { at: 1, deleted: 1, inserted: '' });
    assert.equal(textChange('same', 'same', 2), undefined);
  });

  it('takes no letter out that it does not have to', () => {
    holds(
      fc.property(text, text, text, (left, typed, right) => {
        const change = textChange(left + right, left + typed + right, left.length + typed.length);
        assert.ok(change === undefined || change.deleted === 0);
      }),
    );
  });

  it('of somebody else moves the caret with the letters around it', () => {
    holds(
      fc.property(text, fc.nat(12), fc.nat(12), fc.nat(4), text, (before, caretAt, changeAt, deleteCount, inserted) => {
        const [caret, at] = [Math.min(caretAt, before.length), Math.min(changeAt, before.length)];
        const deleted = Math.min(deleteCount, before.length - at);
        const shared = new Y.Doc().getText();
        shared.insert(0, before);
        let moved = caret;
        shared.observe(({ delta }) => (moved = caretAfter(caret, delta)));
        shared.doc?.transact(() => {
          shared.delete(at, deleted);
          shared.insert(at, inserted);
        });
        // What was deleted and typed again is told of in either order, so only a change of one kind has one answer.
        if (deleted === 0) assert.equal(moved, at < caret ? caret + inserted.length : caret);
        else if (inserted === '') assert.equal(moved, at < caret ? Math.max(at, caret - deleted) : caret);
        assert.ok(moved >= 0 && moved <= shared.length);
      }),
    );
  });
});
