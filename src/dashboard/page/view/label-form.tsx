/** Gives a member the name that people know it by, and the region that they say it stands in. */

import type { JSX } from 'preact';
import { useContext, useState } from 'preact/hooks';
import type { DocumentLink } from '../document-link.ts';
import { Labels } from './member.tsx';
import { textIn } from './parts.tsx';

interface LabelFormProps {
  readonly peerId: string;
  /** As its heartbeats say. */
  readonly region: string;
  readonly link: DocumentLink;
}

export function LabelForm({ peerId, region, link }: LabelFormProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const known = useContext(Labels).get(peerId);
  if (!isOpen) {
    return (
      <button type="button" class="quiet" aria-label={`Label ${peerId}`} onClick={() => setOpen(true)}>
        ✎
      </button>
    );
  }
  return (
    <form
      class="label-form"
      onSubmit={(event) => {
        event.preventDefault();
        const data = new FormData(event.currentTarget);
        link.label(peerId, { label: textIn(data, 'label'), region: textIn(data, 'region') });
        setOpen(false);
      }}
    >
      <label>
        <span class="hidden">Label</span>
        <input name="label" maxLength={64} placeholder="label" defaultValue={known?.label ?? ''} />
      </label>
      <label>
        <span class="hidden">Region</span>
        <input name="region" maxLength={64} placeholder={region || 'region'} defaultValue={known?.region ?? ''} />
      </label>
      <button type="submit">Save</button>
    </form>
  );
}
