/** The oldest Node is the same wherever it is said or checked, and new enough for the tools of `npm test`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { asOtherNode } from '../cli/other-node.ts';

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const read = (name: string): string => readFileSync(path(name), 'utf8');
const packaged = z.object({ engines: z.object({ node: z.string() }) });
const wanted = (name: string): string => packaged.parse(JSON.parse(read(name))).engines.node;

describe('Node 20.19', () => {
  test('is the oldest that the package and the README allow', () => {
    assert.equal(wanted('package.json'), '>=20.19');
    assert.match(read('README.md'), /Node 20\.19 or newer/u);
  });

  test('is the oldest 20 that lint runs in', () => {
    assert.ok(wanted('node_modules/eslint/package.json').split(' || ').includes('^20.19.0'));
  });

  test('is asked for before anything is installed or built', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...asOtherNode('20.18.3'), path('.ci/prepare.mjs')],
      { encoding: 'utf8' },
    );
    assert.deepEqual(
      [status, stdout, stderr],
      [1, '', 'This needs Node 20.19 or newer; this is Node 20.18.3.\n'],
    );
  });
});
