import type { AdapterSummary, ModelSummary, Source } from '../../../../src/protocol/backend.ts';
import type { SessionState } from '../../store/state.ts';

type Known = Pick<SessionState, 'settings' | 'models' | 'adapters'>;

/** The base model that is trained: the chosen one, else the first that is shipped, else any. */
export function baseModel({ settings, models }: Known): ModelSummary | undefined {
  return (
    models.find(({ id }) => id === settings.model) ??
    models.find(({ origin }) => origin === 'shipped') ??
    models[0]
  );
}

/** What segments: the chosen source while it exists, else the base model where it knows words. */
export function currentSource(state: Known): Source | undefined {
  const { source } = state.settings;
  if (source?.kind === 'adapter' && state.adapters.some(({ id }) => id === source.id)) return source;
  if (source?.kind === 'model' && state.models.some(({ id, knowsWords }) => id === source.id && knowsWords)) {
    return source;
  }
  const base = baseModel(state);
  const model = base?.knowsWords === true ? base : state.models.find(({ knowsWords }) => knowsWords);
  return model && { kind: 'model', id: model.id };
}

/** The adapter that a run can go on from: the chosen one, where it has the run's base model and method. */
export function earlierAdapter(state: Known): AdapterSummary | undefined {
  const source = currentSource(state);
  if (source?.kind !== 'adapter') return undefined;
  const model = baseModel(state)?.id;
  return state.adapters.find(
    (adapter) =>
      adapter.id === source.id && adapter.model === model && adapter.method === state.settings.method,
  );
}

export function sourceName(state: Known, source: Source): string {
  return source.kind === 'adapter'
    ? (state.adapters.find(({ id }) => id === source.id)?.name ?? source.id)
    : (state.models.find(({ id }) => id === source.id)?.title ?? source.id);
}
