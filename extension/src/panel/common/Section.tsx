import { useId } from 'react';
import type { ReactNode } from 'react';
import type { Section as SectionName } from '../../store/settings.ts';
import { useSession, useSlice } from '../session-context.ts';
import { Icon } from './Icon.tsx';
import { Problems } from './Problems.tsx';

interface SectionProps {
  readonly name: SectionName;
  readonly title: string;
  /** The section's state in a few words, seen while it is folded too. */
  readonly summary: string;
  readonly children: ReactNode;
}

/** A part of the panel that folds. Its problems are shown whether it is folded or not. */
export function Section({ name, title, summary, children }: SectionProps) {
  const id = useId();
  const session = useSession();
  const open = useSlice(({ settings }) => settings.open.includes(name));
  return (
    <section className="salt-section" aria-label={title} data-section={name}>
      <h2>
        <button
          type="button"
          className="salt-head"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => session.toggle(name)}
        >
          <Icon name="chevron" className="salt-chevron" />
          <span className="salt-title">{title}</span>
          <span className="salt-summary">{summary}</span>
        </button>
      </h2>
      <Problems where={name} />
      <div id={id} hidden={!open}>
        {open && <div className="salt-body">{children}</div>}
      </div>
    </section>
  );
}
