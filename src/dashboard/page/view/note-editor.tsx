/** A note that several people write at once: what others type appears in it, and the caret stays where it was. */

import type { JSX } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef } from 'preact/hooks';
import type * as Y from 'yjs';
import { noteName } from '../../../document/shape.ts';
import type { DocumentLink } from '../document-link.ts';
import type { DocumentState } from '../model/document-state.ts';
import { caretAfter, textChange } from '../model/text-change.ts';

interface NoteEditorProps {
  readonly noteKey: string;
  readonly title: string;
  readonly document: DocumentState;
  readonly link: DocumentLink;
}

export function NoteEditor({ noteKey, title, document, link }: NoteEditorProps): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const { mayWrite, isConnected, people } = document;
  const here = people.filter(({ viewing }) => viewing === noteKey).map(({ name }) => name);
  useLayoutEffect(() => {
    const { current } = area;
    if (current === null) return undefined;
    const text = link.note(noteKey);
    current.value = text.toJSON();
    const follow = (event: Y.YTextEvent, transaction: Y.Transaction): void => {
      if (transaction.local) return;
      const [start, end] = [current.selectionStart, current.selectionEnd];
      current.value = text.toJSON();
      current.setSelectionRange(caretAfter(start, event.delta), caretAfter(end, event.delta));
    };
    text.observe(follow);
    return () => text.unobserve(follow);
  }, [noteKey, isConnected, mayWrite]);
  useEffect(() => {
    link.view(noteKey);
    return () => link.view(null);
  }, [noteKey]);
  return (
    <div class="note-editor" data-note={noteName(noteKey)}>
      <label for={id}>
        <span>{title}</span>
        {here.length === 0 ? null : <span class="soft">also here: {here.join(', ')}</span>}
      </label>
      <textarea
        id={id}
        ref={area}
        rows={4}
        readOnly={!mayWrite}
        placeholder={placeholderFor(document)}
        onInput={({ currentTarget }) => {
          const before = link.note(noteKey).toJSON();
          const change = textChange(before, currentTarget.value, currentTarget.selectionEnd);
          if (change !== undefined) link.edit(noteKey, change);
        }}
      />
    </div>
  );
}

function placeholderFor({ isConnected, mayWrite }: DocumentState): string {
  if (!isConnected) return 'The cluster document is not connected.';
  return mayWrite
    ? 'Everybody who looks at this sees what you type.'
    : 'Nothing yet. To write, use “Write…” at the top.';
}
