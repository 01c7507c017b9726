import type { CollectedFrame } from '../../store/collected-frame.ts';
import { patch, patchSettings } from '../common/context.ts';
import type { Parts } from '../masks/parts.ts';
import { sameMask } from '../masks/masks.ts';
import { isOnList, keepFrames } from './collecting.ts';
import { importSet } from './set-archive.ts';

/** Adds the frames of an exported set. Those that they replace can be had back for a while: nobody was asked. */
export async function importFrames(parts: Parts, file: Blob): Promise<void> {
  const { store, storage, strings } = parts;
  const read = await importSet(file);
  const { frames: there } = store.getState();
  const imported = withGroups(read, there);
  const before = new Map(there.map((frame) => [frame.id, frame]));
  await keepFrames(parts, imported);
  const addedWords = addWords(parts, imported);
  parts.offerUndo(strings.frames.imported(imported.length), async () => {
    const masksOf = new Map(imported.map(({ id, masks }) => [id, masks]));
    // What was collected again since then is a person's own.
    const taken = store.getState().frames.filter(({ id, masks }) => sameMasks(masksOf.get(id), masks));
    const ids = taken.map(({ id }) => id);
    const added = new Set(ids.filter((id) => !before.has(id)));
    await storage.remove([...added]);
    const { frames, settings } = store.getState();
    patch(parts, { frames: frames.filter(({ id }) => !added.has(id)) });
    // So is a word that is painted with.
    const isKept = (word: string): boolean => word === settings.activeWord || !addedWords.includes(word);
    patchSettings(parts, { words: settings.words.filter(isKept) });
    await keepFrames(
      parts,
      ids.flatMap((id) => before.get(id) ?? []),
    );
  });
}

/** By what is painted: storage gives copies. */
function sameMasks(a: CollectedFrame['masks'] | undefined, b: CollectedFrame['masks']): boolean {
  return (
    a?.length === b.length &&
    a.every(({ word, mask }, at) => word === b[at]?.word && sameMask(mask, b[at].mask))
  );
}

/** Words of imported frames become segments. @returns those that were not on the list */
function addWords(parts: Parts, frames: readonly CollectedFrame[]): readonly string[] {
  const { words } = parts.store.getState().settings;
  const added: string[] = [];
  for (const { word } of frames.flatMap(({ masks }) => masks)) {
    if (!isOnList([...words, ...added], word)) added.push(word);
  }
  patchSettings(parts, { words: [...words, ...added] });
  return added;
}

/**
 * Archives number their patients, all of them from 1: an import's are its own, named by a study, unless the set has a study of
 * theirs already.
 */
function withGroups(
  imported: readonly CollectedFrame[],
  there: readonly CollectedFrame[],
): readonly CollectedFrame[] {
  const known = new Map(there.map(({ ref, group }) => [ref.studyInstanceUid, group]));
  const groups = new Map<string, string>();
  for (const { group, ref } of imported) {
    const ofStudy = known.get(ref.studyInstanceUid);
    if (ofStudy !== undefined || !groups.has(group)) groups.set(group, ofStudy ?? ref.studyInstanceUid);
  }
  return imported.map((frame) => ({ ...frame, group: groups.get(frame.group) ?? frame.group }));
}
