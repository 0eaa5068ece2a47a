/** Small pieces that several views are made of. */

import type { ComponentChildren, JSX } from 'preact';

interface CardProps {
  /** Where it lies on the page: a class of `layout.css`. */
  readonly place: string;
  readonly title: string;
  /** One line beside the title. */
  readonly aside?: ComponentChildren;
  readonly end?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Card({ place, title, aside, end, children }: CardProps): JSX.Element {
  const id = `title-${place}`;
  return (
    <section class={`card ${place}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside === undefined ? null : <p>{aside}</p>}
        {end === undefined ? null : <div class="end">{end}</div>}
      </header>
      {children}
    </section>
  );
}

/** What is shown where there is nothing to show: why, and what would change that. */
export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>;
}

/** An identifier that is too long to be shown: its short form, the whole of it for whoever points at it. */
export function Id({ text, short }: { readonly text: string; readonly short: string }): JSX.Element {
  return (
    <code class="id" title={text}>
      {short}
    </code>
  );
}

/** A button that looks like a link to a block. */
export function BlockLink({ number }: { readonly number: number }): JSX.Element {
  return (
    <a class="block-link" href={`#block/${number}`}>
      {number}
    </a>
  );
}

/** What was typed into a field of a form, without the spaces around it. */
export function textIn(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
