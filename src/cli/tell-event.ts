import type { CommonEvent } from './jobs/device.ts';
import type { Console, Progress } from './console.ts';
import { formatSeconds } from './values.ts';

/** Tells the events that all commands have in common. */
export function tellEvent(event: CommonEvent, console: Console, progress: Progress): void {
  switch (event.kind) {
    case 'device': {
      const others = event.passedOver.map(({ device, reason }) => `${device} (${firstSentence(reason)})`);
      console.tell(
        `Device: ${event.device}${others.length > 0 ? `; passed over: ${others.join(', ')}` : ''}`,
      );
      break;
    }
    case 'message':
      console.warn(event.text);
      break;
    case 'factoring': {
      const { done, total, secondsLeft } = event;
      const left = secondsLeft === null || done === total ? '' : `, ${formatSeconds(secondsLeft)} left`;
      progress.update(done / total, `decomposing the weights: ${done} of ${total}${left}`);
      break;
    }
  }
}

function firstSentence(text: string): string {
  return /^.*?\.(?=\s|$)/su.exec(text)?.[0].slice(0, -1) ?? text;
}
