import uPlot from 'uplot';
import type { TrainingLog } from '../../store/training-log.ts';

export interface Chart {
  readonly draw: (log: TrainingLog) => void;
  readonly destroy: () => void;
}

const AXIS = { stroke: '#9fc4d6', font: '10px system-ui', grid: { show: false }, ticks: { show: false } };

/** The little that is used of the library's own style sheet: layers on top of each other. */
const CSS = `.salt-panel .uplot { position: relative; } .salt-panel .uplot canvas { display: block; width: 100%; height: 100%; }
.salt-panel .u-wrap { position: relative; } .salt-panel .u-over, .salt-panel .u-under { position: absolute; }
.salt-panel .u-legend { display: none; }`;

/** Loss on the left, Dice from 0 to 1 on the right, over steps. */
export function createChart(host: HTMLElement): Chart {
  const style = document.createElement('style');
  style.textContent = CSS;
  host.append(style);
  const plot = new uPlot(
    {
      width: Math.max(120, host.clientWidth),
      height: 84,
      padding: [6, 2, 0, 2],
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false }, loss: {}, dice: { range: [0, 1] } },
      axes: [
        { ...AXIS, size: 16, gap: 2, space: 60 },
        { ...AXIS, scale: 'loss', size: 30, gap: 2, space: 26 },
        // The right side: the library's enum is ambient and has no value to import.
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
        { ...AXIS, scale: 'dice', side: 1, size: 22, gap: 2, space: 34 },
      ],
      series: [
        {},
        { scale: 'loss', stroke: '#5acce6', width: 1.25, spanGaps: true, points: { show: isShort, size: 3 } },
        { scale: 'dice', stroke: '#f2c66b', width: 1.5, spanGaps: true, points: { show: true, size: 3 } },
      ],
    },
    [[], [], []],
    host,
  );
  const observer = new ResizeObserver(() =>
    plot.setSize({ width: Math.max(120, host.clientWidth), height: 84 }),
  );
  observer.observe(host);
  let waiting: number | undefined;
  return {
    draw(log) {
      // Steps may come faster than the screen shows them.
      if (waiting !== undefined) cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(() => plot.setData(align(log)));
    },
    destroy() {
      if (waiting !== undefined) cancelAnimationFrame(waiting);
      observer.disconnect();
      plot.destroy();
      style.remove();
    },
  };
}

/** Of one or two values there is no line to be seen. */
const isShort = (plot: uPlot): boolean => plot.data[0].length < 3;

/** Both curves over all steps of either. */
function align({ loss, dice }: TrainingLog): uPlot.AlignedData {
  const steps = [...new Set([...loss, ...dice].map(({ step }) => step))].sort((a, b) => a - b);
  const column = (points: TrainingLog['loss']): (number | null)[] => {
    const byStep = new Map(points.map(({ step, value }) => [step, value]));
    return steps.map((step) => byStep.get(step) ?? null);
  };
  return [steps, column(loss), column(dice)];
}
