import type { Strings } from '../strings/index.ts';
import { commands } from './commands.ts';
import type { Command } from './commands.ts';
import type { Page } from './page.ts';
import type { ModeServices } from './toolbar.ts';

/**
 * The commands as OHIF takes them. Whoever uses one before the panel was opened starts the session with it, and is told where that
 * fails.
 */
export function commandsModule(
  page: Pick<Page, 'session' | 'start'>,
  services: Pick<ModeServices, 'uiNotificationService'>,
  { title }: Strings,
): {
  readonly definitions: Readonly<Record<string, Command>>;
  readonly defaultContext: string;
} {
  const starting = ([name, { commandFn }]: [string, Command]): [string, Command] => [
    name,
    {
      async commandFn() {
        try {
          const session = await page.start();
          await session.ready;
          await commandFn();
        } catch (error) {
          console.error(error);
          const message = error instanceof Error ? error.message : String(error);
          services.uiNotificationService?.show({ title, message, type: 'error' });
        }
      },
    },
  ];
  return {
    definitions: Object.fromEntries(Object.entries(commands(() => page.session)).map(starting)),
    defaultContext: 'SALT',
  };
}
