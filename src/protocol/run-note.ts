/** What people meet in a run that they may not expect, for whoever tells it in their language. */
import { z } from 'zod';

const count = z.int().min(0);
const reason = z.string();

export const runNoteSchema = z.discriminatedUnion('kind', [
  /** Frames of so many patients or studies are on both sides of the split. */
  z.strictObject({ kind: z.literal('shared patients'), patients: count }),
  /** So many of the held-out frames were trained on in the run that this one goes on from. */
  z.strictObject({ kind: z.literal('learnt before'), frames: count, heldOut: count }),
  /** Layers whose singular values are no more than were to be scaled and shifted: nothing is left to a low-rank part. */
  z.strictObject({
    kind: z.literal('no rest'),
    layerKind: z.string(),
    layers: count,
    /** Of this kind, whether so or not. */
    layersOfKind: count,
    rank: count,
    singularValues: count,
  }),
  z.strictObject({ kind: z.literal('no checkpoint') }),
  /** The last one; there may be one before it. */
  z.strictObject({ kind: z.literal('checkpoint damaged'), hasEarlier: z.boolean() }),
  /** It goes on from the step that was saved last; 0 is its start. */
  z.strictObject({ kind: z.literal('device lost'), step: count, onProcessor: z.boolean() }),
  z.strictObject({ kind: z.literal('device gone'), device: z.string(), reason }),
  z.strictObject({ kind: z.literal('preview off'), reason }),
  z.strictObject({ kind: z.literal('unsaved'), reason }),
]);

export type RunNote = Readonly<z.infer<typeof runNoteSchema>>;

/** A note in English. */
export function runNoteText(note: RunNote): string {
  switch (note.kind) {
    case 'shared patients':
      return (
        `Frames of ${note.patients} patient(s) or study(ies) are both trained on and held out: held-out scores will ` +
        'look better than they are.'
      );
    case 'learnt before':
      return (
        `${note.frames} of ${note.heldOut} held-out frame(s) were trained on in the run that this one goes on from: ` +
        'held-out scores will look better than they are. Hold out others, or start anew.'
      );
    case 'no rest': {
      const { layerKind, layers, layersOfKind, rank, singularValues } = note;
      const who = layers === layersOfKind ? 'a layer' : `${layers} of ${layersOfKind} layers`;
      const have = layers === layersOfKind || layers === 1 ? 'has' : 'have';
      return (
        `${layerKind}: rank ${rank} was asked for and ${who} ${have} ${singularValues} singular values: ` +
        'all are scaled and shifted, and there is no low-rank part.'
      );
    }
    case 'no checkpoint':
      return 'There is no checkpoint to resume from: the run starts anew.';
    case 'checkpoint damaged':
      return `The last checkpoint is damaged: ${note.hasEarlier ? 'the one before is used' : 'the run starts anew'}.`;
    case 'device lost': {
      const from = note.step > 0 ? `from step ${note.step}, where it was last saved` : 'from its start';
      const where = note.onProcessor ? ', on the processor' : '';
      return `The graphics device was lost (its driver was reset, or the machine slept). The training goes on ${from}${where}.`;
    }
    case 'device gone':
      return `${note.device} is gone, so the training goes on on the processor: ${note.reason}`;
    case 'preview off':
      return `The preview was switched off. ${note.reason}`;
    case 'unsaved':
      return `Where the training stands could not be saved. ${note.reason}`;
  }
}

/** A sentence for people, with the note that it tells where a viewer may meet it. */
export interface RunWarning {
  readonly message: string;
  readonly note?: RunNote;
}

export function warningOf(note: RunNote): RunWarning {
  return { message: runNoteText(note), note };
}
