import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { SessionState } from '../store/state.ts';
import type { Strings } from '../strings/index.ts';
import { nextStep } from '../workflow/common/next-step.ts';
import type { Step } from '../workflow/common/next-step.ts';
import type { Session } from '../workflow/session.ts';

const SessionContext = createContext<Session | undefined>(undefined);

export const SessionProvider = SessionContext.Provider;

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('a component of the panel is drawn outside it');
  return session;
}

/** A part of the state. The selector must give the same object while nothing changes. */
export function useSlice<T>(select: (state: SessionState) => T): T {
  return useStore(useSession().store, select);
}

/** Marks the button of a step as the one to press next. */
export function useStress(step: Step): { readonly kind?: 'primary' } {
  return useSlice(nextStep) === step ? { kind: 'primary' } : {};
}

/** A reason, or another plain value, that depends on state and language. */
export function useReason<T extends string | number | boolean | undefined>(
  select: (state: SessionState, strings: Strings) => T,
): T {
  const { store, strings } = useSession();
  return useStore(store, (state) => select(state, strings));
}
