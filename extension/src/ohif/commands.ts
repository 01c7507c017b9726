import type { Strings } from '../strings/index.ts';
import type { Session } from '../workflow/session.ts';

/** What OHIF's command manager takes. */
export interface Command {
  readonly commandFn: () => Promise<void>;
}

export interface Hotkey {
  readonly commandName: string;
  readonly label: string;
  readonly keys: readonly string[];
}

/**
 * The panel's actions as commands of the viewer, for toolbars, hotkeys and other extensions.
 *
 * @param session asked for when a command runs, since the session may not exist before
 */
export function commands(session: Session | (() => Session | undefined)): Readonly<Record<string, Command>> {
  const act = (action: (session: Session) => unknown): Command => ({
    async commandFn() {
      const current = typeof session === 'function' ? session() : session;
      if (current) await action(current);
    },
  });
  return {
    'salt.draftFrame': act(({ frames }) => frames.draft()),
    'salt.collectFrame': act(({ frames }) => frames.collect()),
    'salt.collectEmptyFrame': act(({ frames }) => frames.collectEmpty()),
    'salt.collectPainted': act(({ frames }) => frames.collectPainted()),
    'salt.train': act(({ training }) => training.start()),
    'salt.pauseTraining': act(({ training }) => training.pause()),
    'salt.cancelTraining': act(({ training }) => training.finish()),
    'salt.segmentFrame': act(({ segmenting }) => segmenting.segment('frame')),
    'salt.segmentSeries': act(({ segmenting }) => segmenting.segment('series')),
    'salt.segmentAll': act(({ segmenting }) => segmenting.segment('all')),
    'salt.cancelSegmenting': act(({ segmenting }) => segmenting.cancel()),
    'salt.acceptFrame': act(({ frames }) => frames.collect()),
    'salt.nextFrame': act(({ frames }) => frames.next()),
    'salt.bringBackMasks': act(({ unsaved, store }) => {
      const [latest] = store.getState().place?.unsaved ?? [];
      return latest && unsaved.bringBack(latest.key);
    }),
    'salt.save': act(({ saving }) => saving.save()),
  };
}

/** Keys that OHIF's own hotkeys leave free. */
export function hotkeys({ frames, segment }: Strings): readonly Hotkey[] {
  return [
    { commandName: 'salt.draftFrame', label: `SALT: ${frames.draft}`, keys: ['shift+d'] },
    { commandName: 'salt.acceptFrame', label: `SALT: ${frames.collect}`, keys: ['shift+a'] },
    { commandName: 'salt.nextFrame', label: `SALT: ${frames.next}`, keys: ['shift+n'] },
    {
      commandName: 'salt.segmentSeries',
      label: `SALT: ${segment.title} · ${segment.series}`,
      keys: ['shift+s'],
    },
  ];
}
