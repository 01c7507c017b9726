import { createElement } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import type { Root } from 'react-dom/client';

/**
 * A component without hooks, for a viewer whose React is not ours: it renders one plain element, and under that our own
 * React draws. What it drew ends with the element; whoever wants to keep state keeps it elsewhere.
 */
export function mounted(render: () => ReactNode): () => ReactElement {
  const roots = new WeakMap<HTMLElement, Root>();
  let current: HTMLElement | null = null;
  const attach = (element: HTMLElement | null): void => {
    if (element !== null) {
      const root = createRoot(element);
      roots.set(element, root);
      current = element;
      root.render(render());
      return;
    }
    const root = current === null ? undefined : roots.get(current);
    current = null;
    // React refuses to end a root while another is being drawn, which is when it tells us that the element is gone.
    setTimeout(() => root?.unmount());
  };
  return () => createElement('div', { ref: attach, style: { height: '100%' } });
}
