import type {
  Annotation,
  TrainChoices,
  TrainOutcome,
  TrainRequest,
  TrainRun,
  TrainRunEvent,
} from '../../../../src/protocol/backend.ts';
import type { Place } from '../../host/viewer.ts';
import type { CollectedFrame } from '../../store/collected-frame.ts';
import type { SaltConfig } from '../../store/config.ts';
import { assignRoles } from '../../store/roles.ts';
import type { Settings } from '../../store/settings.ts';
import { IDLE_TRAINING } from '../../store/state.ts';
import type { TrainingState } from '../../store/state.ts';
import { logEvent } from '../../store/training-log.ts';
import { uncollectedFrames } from '../frames/collecting.ts';
import { announce, attempt, ended, patch, patchSettings, refusal, report } from '../common/context.ts';
import { countPixels, maskFrom } from '../masks/masks.ts';
import type { Parts } from '../masks/parts.ts';
import { paintedPart } from '../masks/painted-part.ts';
import { pickPreview } from './preview.ts';
import { baseModel, earlierAdapter } from '../common/source.ts';
import { fold } from '../common/working.ts';

export interface TrainingActions {
  /** Collects what is painted, then trains. */
  readonly start: () => Promise<void>;
  readonly pause: () => void;
  /** Ends with the best so far. */
  readonly finish: () => void;
  readonly discard: () => void;
  readonly resume: (id: string) => Promise<void>;
  /** Puts the finished run's card away. */
  readonly close: () => void;
}

interface Needs {
  /** @returns undefined where it failed, which has been told */
  readonly collectPainted: (place: Place | undefined) => Promise<number | undefined>;
  /** What is done with a new adapter. @param seriesId on screen when the run was started or gone on with */
  readonly whenFinished: (seriesId: string) => Promise<void>;
  readonly listsChanged: () => Promise<void>;
}

export function createTrainingActions(parts: Parts, needs: Needs): TrainingActions {
  const { backend, store, strings } = parts;
  const s = strings.train;
  let run: TrainRun | undefined;

  const set = (change: Partial<TrainingState>): void =>
    patch(parts, { training: { ...store.getState().training, ...change } });

  /** A run has ended as it has, whether or not all lists can be read just then. */
  const readLists = (): Promise<void> => needs.listsChanged().catch(console.warn);

  const onEvent = (event: TrainRunEvent): void => set(afterEvent(parts, store.getState().training, event));

  const follow = async (started: TrainRun, seriesId: string | undefined): Promise<void> => {
    run = started;
    try {
      await settle(await started.outcome, seriesId);
    } catch (error) {
      set(IDLE_TRAINING);
      report(parts, 'train', s.failed, error);
    } finally {
      if (run === started) run = undefined;
      await readLists();
    }
  };

  /** A run that the back end does not even take is none: nothing is being prepared then. */
  const begin = (name: string, place: Place | undefined, launch: () => TrainRun): void => {
    set({ ...IDLE_TRAINING, status: 'preparing', name });
    try {
      void follow(launch(), place?.series.id);
    } catch (error) {
      set(IDLE_TRAINING);
      throw error;
    }
  };

  const settle = async (outcome: TrainOutcome, seriesId: string | undefined): Promise<void> => {
    if (outcome.kind !== 'finished') {
      set(IDLE_TRAINING);
      announce(parts, outcome.kind === 'paused' ? s.paused : s.discarded);
      return;
    }
    const { adapter } = outcome;
    set({ status: 'finished', result: adapter, preparing: undefined, secondsLeft: null, fraction: 1 });
    await readLists();
    patchSettings(parts, { source: { kind: 'adapter', id: adapter.id } });
    announce(parts, s.finished(adapter.name));
    parts.viewer.notify('success', s.title, s.finished(adapter.name));
    // A job that runs meanwhile goes by the model and the threshold that it began with.
    void ended(parts, 'segment').then(async () => {
      // What it was taught was drawn at the old threshold: a new model is right at its own.
      patchSettings(parts, { threshold: parts.config.threshold });
      if (parts.config.segmentAfterTraining && seriesId !== undefined) await needs.whenFinished(seriesId);
    });
  };

  return {
    async start() {
      // Whatever is opened meanwhile, it is what is painted here that is learnt, and the result is for this series.
      const place = parts.viewer.active();
      await attempt(parts, { name: 'train', where: 'train', title: s.failed }, async () => {
        if (run) throw refusal(strings.reasons.training);
        await ended(parts, 'collect');
        // A run without what was painted for it is not what was asked for.
        if (isPaintedByHand(parts, place) && (await needs.collectPainted(place)) === undefined) {
          throw refusal(strings.reasons.notCollected);
        }
        const request = await makeRequest(parts, place);
        begin(request.choices.name, place, () => {
          if (request.preview) set({ preview: { frame: request.preview, masks: [] } });
          return backend.train(request, onEvent);
        });
        announce(parts, s.started(request.annotations.length));
      });
    },
    pause() {
      if (run) set({ status: 'ending' });
      run?.pause();
    },
    finish() {
      if (run) set({ status: 'ending' });
      run?.finish();
    },
    discard() {
      if (run) set({ status: 'ending' });
      run?.discard();
    },
    async resume(id) {
      await attempt(parts, { name: 'train', where: 'train', title: s.failed }, async () => {
        if (run) throw refusal(strings.reasons.training);
        const unfinished = store.getState().unfinished.find((candidate) => candidate.id === id);
        begin(unfinished?.choices.name ?? '', parts.viewer.active(), () => backend.resume(id, onEvent));
        patch(parts, { unfinished: store.getState().unfinished.filter((other) => other.id !== id) });
      });
    },
    close: () => set(IDLE_TRAINING),
  };
}

/** Whether a frame of the series is painted and not in the set, up to the stroke that has just ended. */
function isPaintedByHand(parts: Parts, place: Place | undefined): boolean {
  const segmentation = place && parts.working.current(place.series.id);
  return segmentation !== undefined && uncollectedFrames(parts, segmentation).length > 0;
}

/** @throws SaltError where the set cannot be trained on, with what to do */
async function makeRequest(parts: Parts, place: Place | undefined): Promise<TrainRequest> {
  const { store, strings } = parts;
  const state = store.getState();
  const model = baseModel(state);
  if (!model) throw refusal(strings.reasons.noModel);
  if (state.frames.length === 0) throw refusal(strings.reasons.noFrames);
  const annotations = annotationsOf(parts);
  const training = annotations.filter(({ role }) => role === 'train');
  if (training.length === 0) throw refusal(strings.reasons.allHeldOut);
  const words = wordsIn(training);
  if (words.length === 0) throw refusal(strings.reasons.nothingPaintedAnywhere);
  // A frame to watch is not needed to train.
  const preview = await pickPreview(parts, place).catch(console.warn);
  const from = state.settings.goOn ? earlierAdapter(state)?.id : undefined;
  return {
    choices: choicesOf(parts, model.id, words, annotations.length),
    annotations,
    ...(from !== undefined && { from }),
    ...(preview && { preview }),
  };
}

/** The set as back ends take it, who tell words apart by case: each is spelt as where it was met first. */
export function annotationsOf({ store }: Pick<Parts, 'store'>): readonly Annotation[] {
  const { frames, settings } = store.getState();
  const roles = assignRoles(frames, settings.heldOutShare);
  const spelling = spellingsIn(frames);
  return frames.map((collected) => {
    const { id, frame, group, drafted } = collected;
    const masks = collected.masks.map(({ word, mask }) => ({ word: spelling.get(fold(word)) ?? word, mask }));
    const region = paintedPart(collected);
    const role = roles.get(id) ?? 'train';
    return { id, frame, masks, ...(drafted && { drafted }), ...(region && { region }), group, role };
  });
}

function spellingsIn(frames: readonly CollectedFrame[]): ReadonlyMap<string, string> {
  const spelling = new Map<string, string>();
  for (const { masks } of frames)
    for (const { word } of masks) if (!spelling.has(fold(word))) spelling.set(fold(word), word);
  return spelling;
}

/** Words of which any pixel is painted, in the order in which they are met. */
function wordsIn(annotations: readonly Annotation[]): readonly string[] {
  const painted = annotations.flatMap(({ masks }) =>
    masks.filter(({ mask }) => countPixels(mask) > 0).map(({ word }) => word),
  );
  return [...new Set(painted)];
}

function choicesOf(parts: Parts, model: string, words: readonly string[], frames: number): TrainChoices {
  const { store, config, strings } = parts;
  const { settings, adapters } = store.getState();
  const { method, rank, loraRank, layers, learningRate, seed } = settings;
  return {
    name: freeName(
      strings.train.adapterName(words.join(', '), frames),
      adapters.map(({ name }) => name),
    ),
    model,
    words,
    method,
    budget: budgetOf(settings, config),
    seed,
    ...(method !== 'ssam' && rank !== undefined && { rank }),
    ...(method === 'salt' && loraRank !== undefined && { loraRank }),
    ...(layers !== undefined && { layers }),
    ...(learningRate !== undefined && { learningRate }),
  };
}

function budgetOf({ preset, customBudget }: Settings, { presets }: SaltConfig): TrainChoices['budget'] {
  const { kind, amount } = customBudget;
  if (preset === 'custom') return kind === 'steps' ? { kind, steps: amount } : { kind, epochs: amount };
  const { minutes = 5, leastSteps } = presets.find(({ id }) => id === preset) ?? presets[0] ?? {};
  return { kind: 'minutes', minutes, ...(leastSteps !== undefined && { leastSteps }) };
}

/** The name, with a number behind it where it is taken. */
export function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  for (let number = 2; ; number++) {
    const numbered = `${name} (${number})`;
    if (!taken.includes(numbered)) return numbered;
  }
}

function afterEvent(
  { store, strings }: Pick<Parts, 'store' | 'strings'>,
  training: TrainingState,
  event: TrainRunEvent,
): Partial<TrainingState> {
  switch (event.kind) {
    case 'preparing':
      return { preparing: { what: event.what, fraction: event.fraction } };
    case 'note':
      return { message: strings.train.note(event.note) };
    case 'preview': {
      if (!training.preview) return {};
      const { frame } = training.preview;
      const masks = event.maps.map(({ word, probabilities }) => ({
        word,
        mask: maskFrom(probabilities, frame.width, frame.height, store.getState().settings),
      }));
      return { preview: { frame, masks } };
    }
    case 'training': {
      const log = logEvent(training.log, event.event);
      if (event.event.kind === 'warning') {
        const { note, message } = event.event;
        return { log, message: note ? strings.train.note(note) : message };
      }
      if (event.event.kind !== 'step') return { log };
      const { fraction, secondsLeft } = event.event;
      const status = training.status === 'ending' ? 'ending' : 'running';
      return { log, status, preparing: undefined, fraction, secondsLeft };
    }
  }
}
