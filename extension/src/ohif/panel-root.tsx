import { useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import { Panel } from '../panel/Panel.tsx';
import type { Session } from '../workflow/session.ts';
import type { Page } from './page.ts';

type Start = { readonly session?: Session; readonly problem?: string };

/** The panel, as soon as the page's session is there; otherwise why it is not. */
export function PanelRoot({ page }: { readonly page: Page }): ReactElement | null {
  const [{ session, problem }, setStart] = useState<Start>(() =>
    page.session === undefined ? {} : { session: page.session },
  );
  useEffect(() => {
    let shown = true;
    page.start().then(
      (session) => shown && setStart({ session }),
      (error: unknown) => {
        console.error(error);
        if (shown) setStart({ problem: error instanceof Error ? error.message : String(error) });
      },
    );
    return () => {
      shown = false;
    };
  }, [page]);
  if (problem !== undefined) {
    return (
      <p role="alert" style={{ color: 'white', padding: 12 }}>
        {problem}
      </p>
    );
  }
  return session === undefined ? null : <Panel session={session} />;
}
