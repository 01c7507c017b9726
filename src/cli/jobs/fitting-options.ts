/** Options that a model would not look at: whoever gives them is told, rather than left to believe in them. */
import { SaltError } from '../../protocol/errors.ts';
import type { LoadedModel } from '../models/load-model.ts';
import type { ModelRequest } from './model-request.ts';
import type { TrainRequest } from './train-request.ts';

type Trainee = 'sam' | 'unet' | 'headUnet' | 'trainedUnet';

const CALLED: Readonly<Record<Trainee, string>> = {
  sam: 'A SAM',
  unet: 'A U-Net',
  headUnet: 'A U-Net that starts from the head of salt-tiny',
  trainedUnet: 'A U-Net that was trained before',
};

/** Which models each option of a training is for; all others are for all. */
const UNDERSTOOD: Readonly<Record<string, readonly Trainee[]>> = {
  '--tiles': ['sam'],
  '--no-detail': ['sam'],
  '--text-encoder': ['sam'],
  '--pretrained': ['unet', 'headUnet'],
  '--unet-depth': ['unet'],
  '--unet-features': ['unet'],
};

/** @throws SaltError `INVALID_ARGUMENT` naming the options that the model does not have */
export function requireTrainingOptions(
  { choices, detail, textEncoder, pretrained }: TrainRequest,
  loaded: LoadedModel,
): void {
  const { tileSize, unet } = choices;
  const given = givenOf({
    '--tiles': tileSize !== undefined,
    '--no-detail': !detail,
    '--text-encoder': textEncoder !== undefined,
    '--pretrained': pretrained,
    '--unet-depth': unet?.poolings !== undefined,
    '--unet-features': unet?.features !== undefined,
  });
  const trainee = traineeOf(loaded, pretrained);
  refuse(
    CALLED[trainee],
    given.filter((flag) => !UNDERSTOOD[flag]?.includes(trainee)),
  );
}

function traineeOf(loaded: LoadedModel, pretrained: boolean): Trainee {
  if (loaded.kind === 'sam') return 'sam';
  if (loaded.trained) return 'trainedUnet';
  return pretrained ? 'headUnet' : 'unet';
}

/**
 * Of who segments or evaluates.
 * @param kind `adapter` for a SAM with one
 * @throws SaltError `INVALID_ARGUMENT` naming the options that the model does not have
 */
export function requireModelOptions(request: ModelRequest, kind: 'adapter' | 'unet'): void {
  const given = givenOf({
    '--image-size': request.imageSize !== undefined,
    '--no-detail': kind === 'unet' && request.detail === false,
    '--model': kind === 'unet' && request.adapter !== undefined && request.model !== undefined,
  });
  refuse(kind === 'unet' ? CALLED.unet : 'An adapter, which has its own size,', given);
}

function givenOf(options: Readonly<Record<string, boolean>>): string[] {
  return Object.keys(options).filter((flag) => options[flag]);
}

function refuse(who: string, foreign: readonly string[]): void {
  if (foreign.length === 0) return;
  throw new SaltError('INVALID_ARGUMENT', `${who} has no ${foreign.join(', ')}: leave it out.`, { foreign });
}
