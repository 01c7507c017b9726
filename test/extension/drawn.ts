import { createElement } from 'react';
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { SessionProvider } from '../../extension/src/panel/session-context.ts';
import type { Session } from '../../extension/src/workflow/session.ts';

/** What a part of the panel shows of the session as it is now, as HTML. */
export function drawn(session: Session, part: ReactNode): string {
  // Drawn without a page, components read the state that a store began with.
  const store = { ...session.store, getInitialState: () => session.store.getState() };
  return renderToStaticMarkup(createElement(SessionProvider, { value: { ...session, store } }, part));
}
