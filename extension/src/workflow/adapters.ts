import type { AdapterSummary, FrameScore, Source } from '../../../src/protocol/backend.ts';
import type { HeldOutScore } from '../../../src/protocol/events.ts';
import type { Section } from '../store/settings.ts';
import type { OtherWindows } from '../store/windows.ts';
import { announce, attempt, patch, patchSettings, refusal } from './common/context.ts';
import type { Parts } from './masks/parts.ts';
import { sourceName } from './common/source.ts';
import { annotationsOf, freeName } from './train/training.ts';
import { fold } from './common/working.ts';

export interface AdapterActions {
  /** Segments with it from now on, and loads it. */
  readonly use: (source: Source) => Promise<void>;
  readonly rename: (id: string, name: string) => Promise<void>;
  /** Hidden at once; gone when the chance to undo has passed. */
  readonly remove: (id: string) => Promise<void>;
  readonly exportFile: (id: string) => Promise<Blob | undefined>;
  readonly importFile: (file: File) => Promise<void>;
  /** Scores two on the held-out frames, or on all where none is held out. */
  readonly compare: (sources: readonly Source[]) => Promise<void>;
  readonly importModel: (files: readonly File[]) => Promise<void>;
  /** As an adapter is removed. */
  readonly removeModel: (id: string) => Promise<void>;
  /** As an adapter is removed. */
  readonly discardUnfinished: (id: string) => Promise<void>;
  readonly eraseAll: () => Promise<void>;
  /** Reads what adapters, models and unfinished runs there are. */
  readonly refreshLists: () => Promise<void>;
  /** The same, after a change of this window's, of which others are told. */
  readonly listsChanged: () => Promise<void>;
}

/** Where it is told that something was not removed, and under which title. */
interface Failure {
  readonly where: Section;
  readonly title: string;
}

export function createAdapterActions(parts: Parts, windows: OtherWindows): AdapterActions {
  const { backend, store, storage, strings } = parts;
  const s = strings.adapters;
  /** Ids of adapters, models and unfinished runs that were removed, but not yet for good. */
  const hidden = new Set<string>();
  const where = 'adapters';

  const shown = <T extends { readonly id: string }>(list: readonly T[]): T[] =>
    list.filter(({ id }) => !hidden.has(id));

  const refreshLists = async (): Promise<void> => {
    const { models: offered } = parts.config;
    // Each is shown as it arrives: one that cannot be read, or takes long, keeps none of the others back.
    const reading = [
      backend.models().then((models) =>
        patch(parts, {
          models: shown(
            offered ? models.filter(({ id, origin }) => origin === 'stored' || offered.includes(id)) : models,
          ),
        }),
      ),
      backend
        .adapters()
        .then((adapters) =>
          patch(parts, { adapters: shown(adapters).sort((a, b) => b.createdAt.localeCompare(a.createdAt)) }),
        ),
      backend.unfinished().then((unfinished) => patch(parts, { unfinished: shown(unfinished) })),
      backend.storedBytes().then((storedBytes) => patch(parts, { storedBytes })),
    ];
    await Promise.allSettled(reading);
    await Promise.all(reading);
  };

  const listsChanged = async (): Promise<void> => {
    windows.tell({ what: 'lists' });
    await refreshLists();
  };

  /** Hides it, and removes it when the chance to undo has passed. */
  const removeLater = (id: string, text: string, failure: Failure, remove: () => Promise<void>): void => {
    hidden.add(id);
    const { models, adapters, unfinished } = store.getState();
    patch(parts, { models: shown(models), adapters: shown(adapters), unfinished: shown(unfinished) });
    parts.offerUndo(
      text,
      async () => {
        hidden.delete(id);
        await refreshLists();
      },
      async () => {
        await attempt(parts, { name: `remove ${id}`, ...failure }, async () => {
          try {
            // What was added again meanwhile stays.
            if (hidden.has(id)) await remove();
          } finally {
            hidden.delete(id);
            await listsChanged();
          }
        });
      },
    );
  };

  return {
    refreshLists,
    listsChanged,
    async use(source) {
      const { adapters, settings } = store.getState();
      const own = adapters.find(({ id }) => source.kind === 'adapter' && id === source.id)?.words ?? [];
      const missing = own.filter((word) => !settings.words.some((known) => fold(known) === fold(word)));
      patchSettings(parts, { source, words: [...settings.words, ...missing] });
      announce(parts, s.using(sourceName(store.getState(), source)));
      await attempt(parts, { name: 'use', where: 'segment', title: s.useFailed }, () =>
        backend.warmUp(source, store.getState().settings.words, parts.viewer.active()?.series.frameSize),
      );
    },
    async rename(id, name) {
      const wanted = name.trim();
      const others = store.getState().adapters.filter((adapter) => adapter.id !== id);
      await attempt(parts, { name: `rename ${id}`, where, title: s.renameFailed }, async () => {
        if (wanted === '') throw refusal(s.nameMissing);
        await backend.renameAdapter(
          id,
          freeName(
            wanted,
            others.map((adapter) => adapter.name),
          ),
        );
        await listsChanged();
      });
    },
    async remove(id) {
      const adapter = store.getState().adapters.find((candidate) => candidate.id === id);
      if (!adapter) return;
      removeLater(id, s.removed(adapter.name), { where, title: s.removeFailed }, () =>
        backend.removeAdapter(id),
      );
    },
    exportFile: (id) =>
      attempt(parts, { name: `export ${id}`, where, title: s.exportFailed }, () => backend.exportAdapter(id)),
    async importFile(file) {
      await attempt(parts, { name: 'import adapter', where, title: s.importFailed }, async () => {
        const taken = store.getState().adapters.map(({ name }) => name);
        const name = freeName(file.name.replace(/\.safetensors$/iu, ''), taken);
        const adapter = await backend.importAdapter(file, name);
        await listsChanged();
        announce(parts, s.imported(adapter.name));
      });
    },
    async compare(sources) {
      await attempt(parts, { name: 'compare', where, title: s.compareFailed }, async () => {
        const all = annotationsOf(parts);
        const heldOut = all.filter(({ role }) => role === 'heldOut');
        const annotations = heldOut.length > 0 ? heldOut : all;
        if (annotations.length === 0) throw refusal(strings.reasons.nothingToCompareOn);
        const words = [...new Set(annotations.flatMap(({ masks }) => masks.map(({ word }) => word)))];
        const rows = [];
        for (const source of sources) {
          const scores = await backend.evaluate({ source, words, annotations });
          rows.push({ name: sourceName(store.getState(), source), score: meanScore(scores) });
        }
        patch(parts, {
          comparison: { frames: annotations.length, trainedOn: heldOut.length === 0, rows },
        });
        announce(parts, s.compared);
      });
    },
    async importModel(files) {
      await attempt(parts, { name: 'import model', where: 'train', title: s.modelFailed }, async () => {
        const title = files[0]?.name ?? '';
        patch(parts, { importing: { title, fraction: null } });
        try {
          const model = await backend.importModel(files, ({ done, total }) =>
            patch(parts, { importing: { title, fraction: total > 0 ? done / total : null } }),
          );
          hidden.delete(model.id);
          await listsChanged();
          patchSettings(parts, { model: model.id });
          announce(parts, s.modelImported(model.title));
        } finally {
          patch(parts, { importing: undefined });
        }
      });
    },
    async removeModel(id) {
      const model = store.getState().models.find((candidate) => candidate.id === id);
      if (!model) return;
      removeLater(id, s.removed(model.title), { where: 'train', title: s.removeFailed }, () =>
        backend.removeModel(id),
      );
    },
    async discardUnfinished(id) {
      const run = store.getState().unfinished.find((candidate) => candidate.id === id);
      if (!run) return;
      const { discardFailed: title } = strings.train;
      removeLater(id, strings.frames.discarded(run.choices.name), { where: 'train', title }, () =>
        backend.discardUnfinished(id),
      );
    },
    async eraseAll() {
      await attempt(parts, { name: 'erase', where, title: s.eraseFailed }, async () => {
        await backend.eraseAll();
        await parts.keeper.erase(async () => {
          await storage.clear();
          parts.unsaved.clear();
        });
        patch(parts, { frames: [], comparison: undefined, undo: undefined });
        await listsChanged();
        parts.refresh();
        announce(parts, s.erased);
      });
    },
  };
}

function meanScore(scores: readonly FrameScore[]): HeldOutScore | undefined {
  if (scores.length === 0) return undefined;
  const mean = (of: (score: FrameScore) => number): number =>
    scores.reduce((sum, score) => sum + of(score), 0) / scores.length;
  return { dice: mean(({ dice }) => dice), hd95: mean(({ hd95 }) => hd95) };
}

/** File name under which an adapter is exported. */
export function adapterFileName({ name }: Pick<AdapterSummary, 'name'>): string {
  return `${name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^-+|-+$/gu, '')}.safetensors`;
}
