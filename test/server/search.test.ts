import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matches } from '../../src/server/archive/match.ts';
import { startViewerServer } from '../../src/server/start.ts';
import { temporaryFolder, writeStudies } from './studies.ts';

const DESCRIPTION = '0008103E';
const NAME = '00100010';

/** Whether a search with these words finds a series of that description. */
const finds = (words: string, description: string): boolean =>
  matches({ [DESCRIPTION]: { vr: 'LO', Value: [description] } }, [{ tag: DESCRIPTION, value: words }]);

const findsName = (words: string, name: string): boolean =>
  matches({ [NAME]: { vr: 'PN', Value: [{ Alphabetic: name }] } }, [{ tag: NAME, value: words }]);

describe('wildcards of a search (PS3.4 C.2.2.2.4)', () => {
  it('stand for any characters and for one', () => {
    for (const [words, description] of [
      ['LAD*', 'LAD 30 RAO'],
      ['*RAO', 'LAD 30 RAO'],
      ['*3?*', 'LAD 30 RAO'],
      ['L?D ?? RAO', 'LAD 30 RAO'],
      ['*A*A*', 'LAD 30 RAO'],
      ['***', 'LAD'],
      ['LAD*', 'LAD'],
      ['?', '\u{1FAC0}'],
      ['*.+(a|b)[c]', 'x.+(a|b)[c]'],
      ['a*', 'a\nb'],
      // A star of the text is one character among others.
      ['*a*b', '*a*ab'],
    ] as const)
      assert.equal(finds(words, description), true, `${words} of ${description}`);
  });

  it('are not found where the rest differs', () => {
    for (const [words, description] of [
      ['LAD', 'LAD 30'],
      ['lad*', 'LAD 30'],
      ['L?D', 'LD'],
      ['LAD?', 'LAD'],
      ['*RCA', 'RCA LAD'],
      ['*A*A*A*', 'LAD RAO'],
      ['a.c', 'abc'],
    ] as const)
      assert.equal(finds(words, description), false, `${words} of ${description}`);
  });

  it('of names take no notice of case and accents', () => {
    assert.equal(findsName('m\u00fcller^*', 'MULLER^ANNA'), true);
    assert.equal(findsName('*anna', 'M\u00fcller^Anna^^'), true);
    assert.equal(findsName('muller', 'Muller^Anna'), false);
  });

  it('are searched in steps that many of them do not multiply', () => {
    // A regular expression would need longer than the age of the universe for it.
    assert.equal(finds(`${'*?'.repeat(500)}!`, 'a'.repeat(2_000)), false);
    assert.equal(finds(`${'*a'.repeat(500)}!`, 'a'.repeat(2_000)), false);
    assert.equal(finds('*?'.repeat(500), 'a'.repeat(2_000)), true);
  });
});

describe('what of a search is not done', () => {
  it('is said in a warning', async () => {
    const folder = temporaryFolder();
    writeStudies(folder);
    const server = await startViewerServer({ archive: { kind: 'folder', folder }, port: 0 });
    const warning = async (query: string) =>
      (await fetch(`${server.url}/dicom-web/studies?${query}`)).headers.get('warning');
    try {
      assert.equal(await warning('fuzzymatching=false'), null);
      assert.match(
        (await warning('fuzzymatching=true&PatientName=muller')) ?? '',
        /^299 .*fuzzymatching .*literal/u,
      );
      assert.match((await warning('PatientWeight=70')) ?? '', /^299 .*PatientWeight was ignored/u);
      // The second is what browsers are made to send to get past their caches.
      for (const name of ['Colour', '_', 'NoSequence.NoItem'])
        assert.match((await warning(`${name}=123`)) ?? '', new RegExp(`^299 .*${name} was ignored`, 'u'));
      assert.match((await warning('limit=1')) ?? '', /^299 .*2 additional results/u);
    } finally {
      await server.close();
    }
  });
});

describe('a search of a client that cannot set headers', () => {
  it('may say as parameters what it accepts', async () => {
    const folder = temporaryFolder();
    writeStudies(folder);
    const server = await startViewerServer({ archive: { kind: 'folder', folder }, port: 0 });
    const ask = async (query: string) => {
      const headers = { Accept: 'text/html' };
      const { status, headers: answered } = await fetch(`${server.url}/dicom-web/studies?${query}`, {
        headers,
      });
      return [status, answered.get('warning')];
    };
    try {
      for (const query of [
        'accept=application/dicom%2Bjson',
        'accept=application/dicom+json',
        'accept=application/json;q=0.5&charset=utf-8',
      ])
        assert.deepEqual(await ask(query), [200, null], query);
      for (const query of ['accept=application/dicom%2Bxml', 'charset=utf-8'])
        assert.deepEqual(await ask(query), [406, null], query);
    } finally {
      await server.close();
    }
  });
});
