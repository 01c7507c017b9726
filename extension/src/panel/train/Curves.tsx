import { useEffect, useRef } from 'react';
import type { TrainingLog } from '../../store/training-log.ts';
import { formatNumber, formatScore } from '../format.ts';
import { useSession } from '../session-context.ts';
import type { Chart } from './chart.ts';

/** Loss and held-out Dice while a run goes on. The drawing library is loaded when the first curve is. */
export function Curves({ log }: { readonly log: TrainingLog }) {
  const { strings } = useSession();
  const { locale, train: s } = strings;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart>(undefined);
  const newest = useRef(log);
  useEffect(() => {
    newest.current = log;
    chart.current?.draw(log);
  }, [log]);
  useEffect(() => {
    let gone = false;
    const load = async (): Promise<void> => {
      const { createChart } = await import('./chart.ts');
      if (gone || !host.current) return;
      chart.current = createChart(host.current);
      chart.current.draw(newest.current);
    };
    // Without the curves the run is as good; the numbers below are there still.
    load().catch(console.warn);
    return () => {
      gone = true;
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, []);
  const loss = log.loss.at(-1)?.value;
  const dice = log.dice.at(-1)?.value;
  const lossText = loss === undefined ? '–' : formatNumber(locale, loss);
  const diceText = dice === undefined ? '–' : formatScore(locale, dice);
  return (
    <div>
      <div ref={host} role="img" aria-label={s.curves(lossText, diceText)} style={{ height: 84 }} />
      <div className="salt-legend salt-number">
        <span>
          <i style={{ background: '#5acce6' }} />
          {s.loss} {lossText}
        </span>
        <span>
          <i style={{ background: '#f2c66b' }} />
          {s.dice} {diceText}
        </span>
      </div>
    </div>
  );
}
