import { commands } from './commands.ts';
import type { Command } from './commands.ts';
import type { Page } from './page.ts';

/** The commands as OHIF takes them. Whoever uses one before the panel was opened starts the session with it. */
export function commandsModule(page: Page): {
  readonly definitions: Readonly<Record<string, Command>>;
  readonly defaultContext: string;
} {
  const starting = ([name, { commandFn }]: [string, Command]): [string, Command] => [
    name,
    {
      async commandFn() {
        const session = await page.start();
        await session.ready;
        await commandFn();
      },
    },
  ];
  return {
    definitions: Object.fromEntries(Object.entries(commands(() => page.session)).map(starting)),
    defaultContext: 'SALT',
  };
}
