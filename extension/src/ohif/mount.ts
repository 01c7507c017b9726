import { createElement } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import type { Root } from 'react-dom/client';

const TAG = 'ohif-salt-panel';

/**
 * A component without hooks, for a viewer whose React is not ours: it renders one element of our own kind, and under
 * that our own React draws for as long as the element is in the page.
 */
export function mounted(render: () => ReactNode): () => ReactElement {
  if (customElements.get(TAG) === undefined) customElements.define(TAG, elementThat(render));
  // Beside the side panel's header in a column, it would otherwise not give way to it, and its foot be cut off.
  return () => createElement(TAG, { style: { display: 'block', height: '100%', minHeight: 0 } });
}

function elementThat(render: () => ReactNode): CustomElementConstructor {
  return class extends HTMLElement {
    #root: Root | undefined;

    connectedCallback(): void {
      this.#root ??= createRoot(this);
      this.#root.render(render());
    }

    disconnectedCallback(): void {
      // Later, because the viewer's React may be drawing now, and an element that only moves comes back at once.
      setTimeout(() => {
        if (this.isConnected) return;
        this.#root?.unmount();
        this.#root = undefined;
      });
    }
  };
}
