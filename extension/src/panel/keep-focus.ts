/**
 * Keeps the keyboard in the panel: a pressed button is often gone once it has done its work, and the next Tab would
 * begin at the top of the page. It goes on from the head of the section that was worked in last.
 *
 * @returns what ends it
 */
export function keepFocus(panel: HTMLElement): () => void {
  let last: { readonly element: Element; readonly byKeyboard: boolean } | undefined;
  let section: Element = panel;
  const remember = ({ target }: FocusEvent): void => {
    if (!(target instanceof Element)) return;
    last = { element: target, byKeyboard: target.matches(':focus-visible') };
    section = target.closest('[data-section]') ?? section;
  };
  const forget = ({ target }: FocusEvent): void => {
    // By the next task what lost it by being removed is gone; what is still there was left on purpose.
    setTimeout(() => {
      if (last?.element === target && last.element.isConnected) last = undefined;
    });
  };
  const observer = new MutationObserver(() => {
    if (!last || last.element.isConnected || document.activeElement !== document.body) return;
    const head = section.querySelector('.salt-head');
    // Who points sees where they are; the list must not move away beneath them.
    if (head instanceof HTMLElement) head.focus({ preventScroll: !last.byKeyboard });
  });
  panel.addEventListener('focusin', remember);
  panel.addEventListener('focusout', forget);
  observer.observe(panel, { childList: true, subtree: true });
  return () => {
    panel.removeEventListener('focusin', remember);
    panel.removeEventListener('focusout', forget);
    observer.disconnect();
  };
}
