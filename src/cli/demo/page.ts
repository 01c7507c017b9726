import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** One held-out frame, before and after fine-tuning. Pictures are PNG bytes. */
export interface DemoFrame {
  readonly name: string;
  readonly image: Uint8Array;
  readonly truth: Uint8Array;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly diceBefore: number;
  readonly diceAfter: number;
}

/** One model's way through the loop. */
export interface DemoRun {
  readonly title: string;
  /** What it is and what to expect of it, in a sentence or two. */
  readonly about: string;
  /** Label and value, in order. */
  readonly figures: readonly (readonly [string, string])[];
  readonly loss: readonly (readonly [step: number, loss: number])[];
  readonly heldOutDice: readonly (readonly [step: number, dice: number])[];
  readonly frames: readonly DemoFrame[];
}

const STYLE = `
  :root { color-scheme: dark; }
  body { margin: 0 auto; max-width: 1180px; padding: 24px; background: #090c29; color: #e6e8f5;
    font: 15px/1.5 system-ui, sans-serif; }
  h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 40px 0 4px; }
  p { margin: 4px 0 12px; color: #b9bedd; max-width: 80ch; }
  dl { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 12px 0; }
  dt { font-size: 12px; color: #9aa1cc; } dd { margin: 0; font-size: 18px; font-variant-numeric: tabular-nums; }
  table { border-collapse: separate; border-spacing: 6px; } td { vertical-align: top; } th { font-size: 12px; font-weight: 400; color: #9aa1cc; text-align: left; }
  img { display: block; width: 220px; height: 220px; border-radius: 3px; background: #000; }
  .dice { font-size: 13px; font-variant-numeric: tabular-nums; }
  .charts { display: flex; flex-wrap: wrap; gap: 24px; } .u-legend { color: #b9bedd; }
`;

/** The page that shows a demo: one file, which needs nothing beside it and nothing from the network. */
export function demoPage(runs: readonly DemoRun[], made: string): string {
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
  const script = readFileSync(join(uplot, 'dist/uPlot.iife.min.js'), 'utf8');
  const css = readFileSync(join(uplot, 'dist/uPlot.min.css'), 'utf8');
  const curves = runs.map(({ loss, heldOutDice }) => ({ loss: columns(loss), dice: columns(heldOutDice) }));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>ohif-salt: paint, fine-tune, segment</title>
<style>${css}${STYLE}</style>
<h1>ohif-salt: paint a few frames, fine-tune, segment the rest</h1>
<p>${escape(made)}</p>
${runs.map(section).join('\n')}
<script>${script}</script>
<script>
const curves = ${JSON.stringify(curves)};
const axis = { stroke: '#9aa1cc', grid: { stroke: '#22285a' }, ticks: { stroke: '#22285a' } };
const draw = (id, data, label, stroke) => new uPlot({
  width: 520, height: 220, title: label, scales: { x: { time: false } }, axes: [{ ...axis, label: 'step' }, axis],
  series: [{ label: 'step' }, { label, stroke, width: 2, points: { show: data[0].length < 60 } }],
}, data, document.getElementById(id));
curves.forEach(({ loss, dice }, i) => {
  draw('loss' + i, loss, 'training loss', '#5acce6');
  draw('dice' + i, dice, 'Dice on held-out frames', '#7bd88f');
});
</script>
</html>
`;
}

function columns(points: readonly (readonly [number, number])[]): [number[], number[]] {
  return [points.map(([x]) => x), points.map(([, y]) => y)];
}

function section(run: DemoRun, index: number): string {
  const figures = run.figures.map(
    ([label, value]) => `<div><dt>${escape(label)}</dt><dd>${escape(value)}</dd></div>`,
  );
  return `<section>
<h2>${escape(run.title)}</h2>
<p>${escape(run.about)}</p>
<dl>${figures.join('')}</dl>
<div class="charts"><div id="loss${index}"></div><div id="dice${index}"></div></div>
<table>
<tr><th>held-out frame</th><th>truth</th><th>before</th><th>after</th></tr>
${run.frames.map(row).join('\n')}
</table>
</section>`;
}

function row(frame: DemoFrame): string {
  const cell = (png: Uint8Array, alt: string, caption: string): string =>
    `<td><img alt="${escape(`${frame.name}: ${alt}`)}" src="data:image/png;base64,${Buffer.from(png).toString('base64')}"><span class="dice">${escape(caption)}</span></td>`;
  return `<tr>${cell(frame.image, 'the frame', frame.name)}${cell(frame.truth, 'true vessels', '')}${cell(
    frame.before,
    'mask before fine-tuning',
    `Dice ${frame.diceBefore.toFixed(3)}`,
  )}${cell(frame.after, 'mask after fine-tuning', `Dice ${frame.diceAfter.toFixed(3)}`)}</tr>`;
}

function escape(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
