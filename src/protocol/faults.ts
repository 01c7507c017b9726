import type { z } from 'zod';

/** What is wrong with a value that a schema refused: a phrase for each place, with the way there. */
export function faultsOf({ issues }: Pick<z.ZodError, 'issues'>): string[] {
  return issues.map(({ path, message }) =>
    [path.join('.'), message].filter((part) => part !== '').join(': '),
  );
}
