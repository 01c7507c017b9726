/**
 * The panel's own look, in the colours of the viewer's theme where it has one (its CSS variables hold HSL triples).
 * Every class is prefixed, so that nothing of the viewer's is touched.
 */
const CSS = `
.salt-panel {
  --s-bg: hsl(var(--background, 236 62% 5%));
  --s-card: hsl(var(--muted, 234 64% 10%));
  --s-line: hsl(var(--input, 236 45% 39%) / 0.85);
  --s-edge: #5f6ca3;
  --s-text: hsl(var(--foreground, 0 0% 98%));
  --s-dim: #9fc4d6;
  --s-primary: hsl(var(--primary, 214 98% 60%));
  --s-high: hsl(var(--highlight, 191 74% 63%));
  --s-bad: #ff8f8f;
  --s-warn: #f2c66b;
  --s-good: #7fdca4;
  position: relative; box-sizing: border-box; height: 100%; display: flex; flex-direction: column; overflow: hidden;
  overflow-wrap: anywhere; background: var(--s-bg); color: var(--s-text);
  font: 13px/1.4 Inter, system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif;
}
.salt-panel *, .salt-panel *::before, .salt-panel *::after { box-sizing: border-box; }
.salt-panel p, .salt-panel h2, .salt-panel ul { margin: 0; padding: 0; }
.salt-panel ul { list-style: none; }
.salt-panel h2 { font: inherit; }
.salt-scroll { position: relative; flex: 1; min-height: 0; overflow-y: auto; overflow-x: hidden; scrollbar-width: thin; scrollbar-color: var(--s-line) transparent; }
.salt-panel :focus-visible { outline: 2px solid var(--s-high); outline-offset: 1px; border-radius: 4px; }
.salt-sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.salt-device { display: flex; flex-direction: column; gap: 2px; padding: 6px 12px; font-size: 12px; color: var(--s-dim); border-bottom: 1px solid var(--s-line); }
.salt-dot { display: inline-block; width: 7px; height: 7px; margin-right: 7px; border-radius: 50%; background: var(--s-good); }
.salt-dot[data-kind='slow'] { background: var(--s-warn); }

.salt-section { border-bottom: 1px solid var(--s-line); }
.salt-head { display: flex; align-items: center; gap: 8px; width: 100%; padding: 9px 12px; background: var(--s-card); color: inherit; border: 0; font: inherit; text-align: left; cursor: pointer; }
.salt-head:hover { background: hsl(var(--accent, 217 79% 24%) / 0.7); }
.salt-head:focus-visible { outline-offset: -2px; }
.salt-title { font-weight: 600; font-size: 13px; }
.salt-summary { flex: 1; min-width: 0; text-align: right; font-size: 12px; color: var(--s-dim); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.salt-chevron { flex: none; color: var(--s-dim); transition: transform 120ms; }
.salt-head[aria-expanded='true'] .salt-chevron { transform: rotate(90deg); }
.salt-body { display: flex; flex-direction: column; gap: 10px; padding: 10px 12px 13px; }

.salt-row { display: flex; align-items: center; gap: 6px; }
.salt-row[data-wrap] { flex-wrap: wrap; }
.salt-row[data-wrap] > .salt-grow { flex: 1 1 auto; white-space: nowrap; }
.salt-grow { flex: 1; min-width: 0; }
.salt-dim { color: var(--s-dim); font-size: 12px; }
.salt-small { font-size: 12px; }
.salt-label { display: block; color: var(--s-dim); font-size: 12px; margin-bottom: 4px; }
.salt-ellipsis { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.salt-number { font-variant-numeric: tabular-nums; }

.salt-button { display: inline-flex; align-items: center; justify-content: center; gap: 6px; min-height: 30px; padding: 4px 10px; border: 1px solid var(--s-edge); border-radius: 5px; background: transparent; color: var(--s-text); font: inherit; font-size: 12.5px; line-height: 1.25; cursor: pointer; }
.salt-button:hover { background: hsl(var(--accent, 217 79% 24%) / 0.8); }
.salt-button[data-kind='primary'] { border-color: transparent; background: var(--s-primary); color: #04060f; font-weight: 600; }
.salt-button[data-kind='primary']:hover { background: var(--s-high); }
.salt-button[data-kind='danger'] { color: var(--s-bad); border-color: currentColor; }
.salt-button[data-kind='link'] { min-height: 24px; padding: 2px 0; margin-right: 8px; border-color: transparent; color: var(--s-high); }
.salt-button[data-kind='link']:hover { background: transparent; text-decoration: underline; }
.salt-button[data-kind='icon'] { min-width: 26px; min-height: 26px; padding: 3px; border-color: transparent; color: var(--s-dim); }
.salt-button[data-kind='icon']:hover { color: var(--s-text); }
.salt-button[aria-disabled='true'] { border-color: var(--s-line); background: transparent; color: #8793b5; font-weight: 400; cursor: not-allowed; }
.salt-button[aria-disabled='true']:is([data-kind='link'], [data-kind='icon']) { border-color: transparent; }
.salt-button[data-wide] { width: 100%; }

.salt-chip { display: inline-flex; align-items: stretch; border: 1px solid var(--s-line); border-radius: 14px; overflow: hidden; }
.salt-chip[data-active] { border-color: var(--s-high); background: hsl(var(--accent, 217 79% 24%) / 0.8); }
.salt-chip > button { border: 0; background: transparent; color: inherit; font: inherit; font-size: 12.5px; padding: 3px 10px; min-height: 26px; cursor: pointer; display: inline-flex; align-items: center; gap: 6px; }
.salt-chip > button + button { padding: 3px 8px 3px 2px; color: var(--s-dim); }
.salt-chip > button:focus-visible { outline-offset: -2px; border-radius: 14px; }
.salt-swatch { width: 8px; height: 8px; border-radius: 50%; }

.salt-input { width: 100%; min-width: 0; min-height: 28px; padding: 3px 8px; border: 1px solid var(--s-edge); border-radius: 5px; background: #0b0f2b; color: var(--s-text); font: inherit; font-size: 12.5px; }
.salt-input[aria-invalid] { border-color: var(--s-bad); }
.salt-input::placeholder { color: #8b97b8; opacity: 1; }
.salt-input option, .salt-input optgroup { background: #0b0f2b; color: #fafafa; }
.salt-panel input[type='range'] { width: 100%; height: 20px; accent-color: var(--s-primary); cursor: pointer; }
.salt-panel input[type='checkbox'] { accent-color: var(--s-primary); width: 14px; height: 14px; margin: 0; }
.salt-field { display: grid; grid-template-columns: 116px minmax(0, 1fr); align-items: center; gap: 8px; font-size: 12.5px; }
.salt-field > span:first-child, .salt-field > label { color: var(--s-dim); }
.salt-field[data-short] { grid-template-columns: max-content minmax(0, 1fr); }
.salt-check { display: flex; align-items: center; gap: 7px; font-size: 12.5px; cursor: pointer; }
.salt-help { border-bottom: 1px dotted currentColor; cursor: help; }

.salt-segmented { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 1px; padding: 2px; border: 1px solid var(--s-line); border-radius: 6px; background: #0b0f2b; }
.salt-segmented label { position: relative; }
.salt-segmented input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
.salt-segmented span { display: flex; flex-direction: column; align-items: center; padding: 4px 2px; border-radius: 4px; font-size: 12px; line-height: 1.25; color: var(--s-text); text-align: center; }
.salt-segmented small { font-size: 11px; color: var(--s-dim); }
.salt-segmented input:checked + span { background: hsl(var(--accent, 217 79% 24%)); box-shadow: inset 0 0 0 1px var(--s-high); }
.salt-segmented input:focus-visible + span { outline: 2px solid var(--s-high); outline-offset: 1px; }

.salt-strip { display: grid; grid-template-columns: repeat(auto-fill, minmax(94px, 1fr)); gap: 8px; max-height: 352px; overflow-y: auto; padding: 2px; scrollbar-width: thin; scrollbar-color: var(--s-line) transparent; }
.salt-thumb { position: relative; display: flex; flex-direction: column; border: 1px solid var(--s-line); border-radius: 5px; overflow: hidden; background: #000; }
.salt-thumb[data-here] { border-color: var(--s-high); }
.salt-picture { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; background: #000; }
.salt-thumb > .salt-jump { border: 0; padding: 0; background: none; cursor: pointer; }
.salt-thumb > .salt-jump:focus-visible { outline-offset: -2px; }
.salt-thumb-foot { flex: 1; padding: 3px 5px 4px; background: var(--s-card); font-size: 11px; line-height: 1.3; }
.salt-badge { min-height: 20px; padding: 1px 7px; border: 1px solid var(--s-line); border-radius: 10px; background: transparent; color: var(--s-text); font: inherit; font-size: 11px; cursor: pointer; }
.salt-badges { display: flex; flex-wrap: wrap; gap: 3px; margin-top: 3px; }
.salt-badge[data-part] { border-style: dashed; border-color: var(--s-high); color: var(--s-high); }
.salt-badge[data-role='heldOut'] { border-color: var(--s-warn); color: var(--s-warn); }
.salt-thumb > .salt-thumb-remove { position: absolute; top: 3px; right: 3px; min-width: 24px; min-height: 24px; background: rgb(5 6 21 / 0.82); }

.salt-progress { height: 6px; border-radius: 3px; overflow: hidden; background: #1c2450; }
.salt-progress > i { display: block; height: 100%; border-radius: 3px; background: var(--s-high); }
.salt-progress[data-unknown] > i { width: 35%; animation: salt-slide 2.4s steps(12) infinite; }
@keyframes salt-slide { from { transform: translateX(-100%); } to { transform: translateX(290%); } }
@media (prefers-reduced-motion: reduce) { .salt-panel * { animation-duration: 0s !important; transition: none !important; } }

.salt-card { display: flex; flex-direction: column; gap: 7px; padding: 9px 10px; border: 1px solid var(--s-line); border-radius: 6px; background: var(--s-card); }
.salt-card[data-kind='problem'] { border-color: var(--s-bad); background: #2a1020; }
.salt-card[data-kind='problem'] strong { color: #ffb3b3; }
.salt-card[data-kind='warning'] { border-color: var(--s-warn); background: #241d12; }
.salt-card[data-kind='good'] { border-color: var(--s-good); }
.salt-undo { display: flex; align-items: center; gap: 8px; padding: 7px 12px; background: hsl(var(--popover, 219 90% 15%)); border-top: 1px solid var(--s-high); font-size: 12.5px; }
.salt-watch { display: grid; grid-template-columns: minmax(0, 1fr) 96px; gap: 8px; align-items: end; }
.salt-watch .salt-picture { border: 1px solid var(--s-line); border-radius: 4px; }
.salt-legend { display: flex; gap: 12px; font-size: 11.5px; color: var(--s-dim); }
.salt-legend i { display: inline-block; width: 10px; height: 2px; margin-right: 5px; vertical-align: middle; }

.salt-bars { display: flex; align-items: flex-end; height: 40px; padding: 3px; overflow-x: auto; scrollbar-width: thin; }
.salt-bars button { --salt-width: max(1px, 100% - 1px); flex: 1; min-width: 1px; height: 100%; padding: 0; border: 0; background: linear-gradient(var(--s-high), var(--s-high)) bottom left / var(--salt-width) var(--salt-height, 2px) no-repeat, #121a40; cursor: pointer; }
.salt-bars button[data-collected] { background: linear-gradient(var(--s-good), var(--s-good)) bottom left / var(--salt-width) var(--salt-height, 2px) no-repeat, #121a40; }
.salt-bars button[data-here] { box-shadow: 0 0 0 1px var(--s-text); }
.salt-table { width: 100%; border-collapse: collapse; font-size: 12px; }
.salt-table th { padding: 2px 4px; font-weight: 400; text-align: left; color: var(--s-dim); }
.salt-table td { padding: 2px 4px; border-top: 1px solid var(--s-line); }
.salt-drop { padding: 8px; border: 1px dashed var(--s-line); border-radius: 5px; font-size: 12px; color: var(--s-dim); text-align: center; }
.salt-drop[data-over] { border-color: var(--s-high); color: var(--s-text); }
.salt-more > summary { cursor: pointer; font-size: 12.5px; color: var(--s-high); padding: 2px 0; }
.salt-more[open] > summary { margin-bottom: 8px; }
.salt-stack { display: flex; flex-direction: column; gap: 8px; }
.salt-list { display: flex; flex-direction: column; gap: 6px; }
`;

const ID = 'salt-styles';

/** Puts the styles into the page, once. */
export function injectStyles(): void {
  if (document.getElementById(ID)) return;
  const style = document.createElement('style');
  style.id = ID;
  style.textContent = CSS;
  document.head.append(style);
}
