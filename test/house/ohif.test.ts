/** Which viewers the packages and the texts name: those that the plug-in is tested with. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { OHIF_INTEGRITY } from '../../.ci/ohif.mjs';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const peers = z.object({ peerDependencies: z.record(z.string(), z.string()) });

describe('the versions of OHIF', () => {
  // An npm range takes a beta only where a part of it names a beta of the same version.
  for (const path of ['extension/package.json', 'modes/salt/package.json']) {
    test(`that ${path} goes with`, () => {
      const { peerDependencies } = peers.parse(JSON.parse(read(path)));
      const ranges = Object.entries(peerDependencies).filter(([name]) => name.startsWith('@ohif/'));
      assert.ok(ranges.length > 0);
      for (const [name, range] of ranges) {
        assert.equal(range, '>=3.12.0 <3.15.0 || >=3.14.0-beta.0 <3.14.0', name);
      }
    });
  }

  for (const path of ['README.md', 'extension/README.md']) {
    test(`that ${path} names are those that are tested`, () => {
      const text = read(path).replace(/\s+/gu, ' ');
      assert.doesNotMatch(text, /3\.12 to 3\.14/u);
      for (const version of Object.keys(OHIF_INTEGRITY)) assert.ok(text.includes(version), version);
    });
  }
});
