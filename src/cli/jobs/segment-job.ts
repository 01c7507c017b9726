import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { decodeAny } from '../../imaging/decode-any.ts';
import { FieldsOfView } from '../../imaging/dataset/fields-of-view.node.ts';
import { readBytes } from '../../imaging/dataset/sample.node.ts';
import { isSegmentation } from '../../imaging/dicom/seg-read.ts';
import type { DicomFile } from '../../imaging/dicom/dicom-file.ts';
import type { SegFrameInput } from '../../imaging/dicom/seg-input.ts';
import { encodeSeg } from '../../imaging/dicom/seg-write.ts';
import { encodeMaskPng } from '../../imaging/mask.ts';
import type { Frame, Mask } from '../../imaging/frame.ts';
import { maskOf } from '../../inference/mask.ts';
import type { ProbabilityMap } from '../../inference/mask.ts';
import type { Flips } from '../../inference/mirror.ts';
import { createSegmenter } from '../../inference/segmenter.ts';
import type { Segmenter } from '../../inference/segmenter.ts';
import { steadied } from '../../inference/steadied.ts';
import type { Found } from '../../inference/steadied.ts';
import type { InputSize } from '../../inference/model-input.ts';
import type { PlacePrompt } from '../../inference/place-prompt.ts';
import type { Question, TrainedModel } from '../../inference/trained-model.ts';
import { answerWarningText } from '../../protocol/answer-warning.ts';
import { breathe } from '../../protocol/breathe.ts';
import { SaltError } from '../../protocol/errors.ts';
import { unwritable, writeFileAtomic } from '../../runtime/files.node.ts';
import type { Job } from '../../runtime/thread.ts';
import { filesOf } from '../data.ts';
import { requireFolderForMasks } from '../outputs.ts';
import { VERSION } from '../version.ts';
import { nodeFactor, openDevice } from './device.ts';
import type { CommonEvent, DeviceOptions } from './device.ts';
import { framesSeen } from './frames-seen.ts';
import { MaskNames } from './mask-names.ts';
import { openModel } from './open-model.ts';
import type { ModelRequest } from './model-request.ts';
import { PLACE_ALONE, placeOn, placesOf } from './place-on-frame.ts';
import type { PlaceOnFrame } from './place-on-frame.ts';

export interface SegmentRequest extends ModelRequest, DeviceOptions {
  readonly inputs: readonly string[];
  /** Empty for all that the model was taught, or else "Vein". */
  readonly words: readonly string[];
  readonly out: string;
  /** Whether frames of a run are seen less what stands still in it, by a model that was taught so. */
  readonly subtract: boolean;
  /** Whether frames of such a run are steadied by those beside them. */
  readonly steady: boolean;
  /** Clicks and a box, the same on every frame. */
  readonly place?: PlacePrompt;
  readonly threshold: number;
  readonly minSize: number;
  readonly flips?: Flips;
}

export type SegmentEvent =
  | CommonEvent
  | { readonly kind: 'file'; readonly done: number; readonly total: number; readonly file: string };

export interface SegmentedFrame {
  readonly input: string;
  /** One-based. */
  readonly frame: number;
  readonly word: string;
  /** The path of the mask. */
  readonly mask: string;
  /** Pixels of the structure. */
  readonly pixels: number;
}

export interface SegmentResult {
  readonly frames: readonly SegmentedFrame[];
  readonly segmentations: readonly { readonly input: string; readonly path: string }[];
  /** A sentence for each file that could not be segmented, or not in every form. */
  readonly problems: readonly string[];
}

export type SegmentJob = Job<SegmentRequest, SegmentEvent, SegmentResult>;

const DEFAULT_WORD = 'Vein';

export const segmentJob: SegmentJob = async (request, { emit, signal }) => {
  const files = await filesOf(request.inputs);
  if (files.length === 0) {
    throw new SaltError('FILE_UNREADABLE', `There is no image in ${request.inputs.join(', ')}.`);
  }
  const { executor } = await openDevice(request, emit);
  const trained = await openModel(request, nodeFactor(emit, signal), executor);
  const places = request.place && placesOf(trained, request.place);
  const questions =
    places?.withoutWord && request.words.length === 0
      ? new Map([[PLACE_ALONE, places.withoutWord]])
      : await ask(trained, request.words, (text) => emit({ kind: 'message', text }));
  const names = new MaskNames([...questions.keys()]);
  await requireFolderForMasks(request.out, files, [...names.endings.values()]);
  await mkdir(request.out, { recursive: true }).catch((cause: unknown) => {
    throw unwritable(request.out, cause);
  });
  const place = placeOn(request.place, places, questions);
  const segmenter = createSegmenter({
    executor,
    input: trained.input,
    weights: (size) => trained.weightsAt(size),
    model: (size) => trained.modelAt(size, place.tokens),
  });
  const context: Context = {
    trained,
    request: { ...request, flips: request.flips ?? trained.flips },
    segmenter,
    questions,
    placeIn: place.on,
    names,
    fieldsOfView: new FieldsOfView((text) => emit({ kind: 'message', text })),
    signal,
  };
  const frames: SegmentedFrame[] = [];
  const segmentations: { input: string; path: string }[] = [];
  const problems: string[] = [];
  const tellProblem = (problem: string): void => {
    problems.push(problem);
    emit({ kind: 'message', text: problem });
  };
  try {
    for (const [i, path] of files.entries()) {
      emit({ kind: 'file', done: i, total: files.length, file: path });
      try {
        const done = await segmentFile(path, context);
        frames.push(...done.frames);
        if (done.seg !== undefined) segmentations.push({ input: path, path: done.seg });
        if (done.problem !== undefined) tellProblem(done.problem);
      } catch (error) {
        const problem = problemWith(path, error);
        // Of a single file, it is the request that does not fit.
        const isRefused = error instanceof SaltError && error.code === 'INVALID_ARGUMENT';
        if (problem === undefined || (isRefused && files.length === 1)) throw error;
        tellProblem(problem);
      }
    }
  } finally {
    await segmenter.dispose();
  }
  emit({ kind: 'file', done: files.length, total: files.length, file: '' });
  return { frames, segmentations, problems };
};

/** What is wrong with one file need not stop the others. */
const ABOUT_THE_FILE: ReadonlySet<string> = new Set([
  'DICOM_INVALID',
  'DICOM_UNSUPPORTED',
  'IMAGE_INVALID',
  'IMAGE_UNSUPPORTED',
  'FILE_UNREADABLE',
]);

/** For people, naming the file; undefined for what concerns the others as well. */
export function problemWith(path: string, error: unknown): string | undefined {
  if (!(error instanceof SaltError)) return undefined;
  if (ABOUT_THE_FILE.has(error.code) || error.details['file'] === path) return error.message;
  // Of its pixels, or of the answer to them.
  return error.code === 'NOT_FINITE' ? `${path}: ${error.message}` : undefined;
}

type Questions = ReadonlyMap<string, Question>;

/** @param words those asked for; none for all that the model knows */
export async function ask(
  trained: { readonly words: readonly string[]; ask(word: string): Promise<Question> },
  words: readonly string[],
  warn: (text: string) => void,
): Promise<Questions> {
  const known = trained.words.length > 0 ? trained.words : [DEFAULT_WORD];
  const questions = new Map<string, Question>();
  for (const word of words.length > 0 ? words : known) {
    const question = await trained.ask(word);
    if (question.warning) warn(answerWarningText(question.warning));
    questions.set(word, question);
  }
  return questions;
}

interface Context {
  readonly trained: TrainedModel;
  readonly request: SegmentRequest & { readonly flips: Flips };
  readonly segmenter: Segmenter;
  readonly questions: Questions;
  readonly placeIn: (frame: InputSize) => PlaceOnFrame;
  readonly names: MaskNames;
  readonly fieldsOfView: FieldsOfView;
  readonly signal: AbortSignal;
}

interface SegmentedFile {
  readonly frames: readonly SegmentedFrame[];
  /** The path of its DICOM segmentation. */
  readonly seg?: string;
  /** Why there is none, though it is a DICOM file. */
  readonly problem?: string;
}

async function segmentFile(path: string, context: Context): Promise<SegmentedFile> {
  const { request } = context;
  const file = await decodeAny(await readBytes(path), basename(path));
  if (file.dicom && isSegmentation(file.dicom)) {
    throw new SaltError('DICOM_UNSUPPORTED', `${path} is a segmentation, not an image: it was passed over.`);
  }
  requirePlace(path, file, context);
  const names = context.names.of(path, file);
  const fieldOfView = await context.fieldsOfView.of(path, file);
  const { see, subtracted } = await framesSeen(
    { subtracts: context.trained.subtracts && request.subtract },
    file,
  );
  const found = new Map<number, Found>();
  const lookAt = async (frameNumber: number): Promise<Found> => {
    const known =
      found.get(frameNumber) ??
      (await findIn(await see(frameNumber), await fieldOfView(frameNumber), context));
    found.set(frameNumber, known);
    return known;
  };
  const frames: SegmentedFrame[] = [];
  const segFrames: SegFrameInput<DicomFile>[] = [];
  for (let frameNumber = 1; frameNumber <= file.frameCount; frameNumber++) {
    const own = await lookAt(frameNumber);
    const beside: Found[] = [];
    for (const other of subtracted && request.steady ? [frameNumber - 1, frameNumber + 1] : []) {
      if (other >= 1 && other <= file.frameCount) beside.push(await lookAt(other));
    }
    found.delete(frameNumber - 1);
    const masks = masksOf(own.frame, steadied(own, beside), await fieldOfView(frameNumber), context);
    for (const [word, mask] of masks) {
      const target = join(request.out, names.mask(word, frameNumber));
      await writeFileAtomic(target, encodeMaskPng(mask));
      const pixels = mask.data.reduce((sum, value) => sum + value, 0);
      frames.push({ input: path, frame: frameNumber, word, mask: target, pixels });
    }
    if (file.dicom) segFrames.push({ source: file.dicom, frameNumber, masks: [...masks.values()] });
  }
  try {
    const seg = await writeSeg(segFrames, names.segmentation, context);
    return { frames, ...(seg !== undefined && { seg }) };
  } catch (error) {
    // The masks are there all the same.
    const problem = problemWith(path, error);
    if (problem === undefined) throw error;
    return { frames, problem };
  }
}

/** @throws SaltError `INVALID_ARGUMENT` naming the file when a click or the box lies outside its frames */
function requirePlace(path: string, frame: InputSize, { placeIn }: Context): void {
  try {
    placeIn(frame);
  } catch (cause) {
    if (!(cause instanceof SaltError)) throw cause;
    throw new SaltError(cause.code, `${path}: ${cause.message}`, { ...cause.details, file: path }, { cause });
  }
}

/** One map for each question. */
async function findIn(
  frame: Frame,
  fieldOfView: Mask | undefined,
  { request, segmenter, questions, placeIn, signal }: Context,
): Promise<Found> {
  const { tensors } = placeIn(frame);
  const found: ProbabilityMap[] = [];
  for (const [word, { prompt, output }] of questions) {
    const maps = await segmenter.probabilities(frame, {
      prompt: { ...prompt, ...tensors },
      fieldOfView,
      flips: request.flips,
      shouldStop: () => signal.aborted,
    });
    const map = maps[output];
    if (!map) throw new SaltError('GRAPH_INVALID', `The model has no answer for "${word}".`);
    found.push(map);
    // Lets a cancellation in.
    await breathe();
    signal.throwIfAborted();
  }
  return { frame, maps: found };
}

function masksOf(
  frame: Frame,
  maps: readonly ProbabilityMap[],
  fieldOfView: Mask | undefined,
  { request, questions, placeIn }: Context,
): ReadonlyMap<string, Mask> {
  const { threshold, minSize: minComponent } = request;
  const inside = shared(fieldOfView, placeIn(frame).within);
  const words = [...questions.keys()];
  return new Map(
    maps.map((map, i) => [words[i]!, maskOf(map, { threshold, minComponent, fieldOfView: inside })]),
  );
}

/** Where both are, or the one that there is. */
function shared(one: Mask | undefined, other: Mask | undefined): Mask | undefined {
  if (!one || !other) return one ?? other;
  return { ...one, data: one.data.map((value, at) => Math.min(value, other.data[at] ?? 0)) };
}

async function writeSeg(
  frames: readonly SegFrameInput<DicomFile>[],
  name: string,
  { request, questions }: Context,
): Promise<string | undefined> {
  if (frames.length === 0) return undefined;
  const words = [...questions.keys()];
  const algorithm = { name: 'ohif-salt', version: VERSION };
  const path = join(request.out, name);
  const bytes = await encodeSeg({
    segments: words.map((label) => ({ label, algorithmType: 'AUTOMATIC', algorithm })),
    frames,
    seriesDescription: `${words.join(', ')} (ohif-salt)`,
    softwareVersion: VERSION,
  });
  await writeFileAtomic(path, bytes);
  return path;
}
