import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { z } from 'zod';

const entry = z.object({
  resolved: z.string().optional(),
  link: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
const packages = Object.entries(
  z.object({ packages: z.record(z.string(), entry) }).parse(JSON.parse(text)).packages,
);

describe('package-lock.json', () => {
  test('names no registry, so that any mirror will do', () => {
    assert.deepEqual(
      packages.filter(([, { link, resolved }]) => !link && resolved !== undefined).map(([path]) => path),
      [],
    );
  });

  // A registry that lacks the packages of other platforms makes npm leave them out, and then `npm ci` fails everywhere.
  test('has the optional packages of every platform', () => {
    const paths = packages.map(([path]) => path);
    const wanted = packages.flatMap(([, { optionalDependencies = {} }]) => Object.keys(optionalDependencies));
    assert.ok(wanted.length > 0);
    assert.deepEqual(
      wanted.filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`))),
      [],
    );
  });
});
