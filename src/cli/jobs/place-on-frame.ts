/** Clicks and boxes, with words or without, as `segment` puts them to a model. */
import type { FloatTensor } from '../../graph/tensor.ts';
import type { Mask } from '../../imaging/frame.ts';
import type { InputSize } from '../../inference/model-input.ts';
import { maskOfBox, placeBesideWord, placeTokens } from '../../inference/place-prompt.ts';
import type { PlacePrompt } from '../../inference/place-prompt.ts';
import type { PlacePrompts, Question, TrainedModel } from '../../inference/trained-model.ts';
import { SaltError } from '../../protocol/errors.ts';

/** What a mask is called that no word asked for. */
export const PLACE_ALONE = 'object';

/** @throws SaltError `INVALID_ARGUMENT` */
export function placesOf({ places }: TrainedModel, { clicks, box }: PlacePrompt): PlacePrompts {
  if (!places) throw new SaltError('INVALID_ARGUMENT', 'A U-Net takes neither clicks nor boxes: use a SAM.');
  if (clicks.length === 0 && !box)
    throw new SaltError('INVALID_ARGUMENT', 'There is neither a click nor a box.');
  return places;
}

/** A place on a frame: what the model is told of it, and outside what its answer is dropped. */
export interface PlaceOnFrame {
  readonly tensors: Readonly<Record<string, FloatTensor>>;
  readonly within?: Mask;
}

/** @returns the point tokens that it takes, and the place on a frame of some size */
export function placeOn(
  place: PlacePrompt | undefined,
  places: PlacePrompts | undefined,
  questions: ReadonlyMap<string, Question>,
): { readonly tokens: number; readonly on: (frame: InputSize) => PlaceOnFrame } {
  if (!place || !places) return { tokens: 0, on: () => ({ tensors: {} }) };
  const byWord = !questions.has(PLACE_ALONE) && [...questions.values()].every(hearsWords);
  if (!byWord) {
    return { tokens: placeTokens(place), on: (frame) => ({ tensors: places.tensors(place, frame) }) };
  }
  const tokens = placeTokens({ clicks: place.clicks });
  return {
    tokens,
    on(frame) {
      const { told, within } = placeBesideWord(place, frame);
      const tensors = tokens > 0 ? places.tensors(told, frame) : {};
      return { tensors, ...(within && { within: maskOfBox(within, frame) }) };
    },
  };
}

/** False for a model that was never taught words. */
function hearsWords({ prompt }: Question): boolean {
  return 'text_embedding' in prompt;
}
