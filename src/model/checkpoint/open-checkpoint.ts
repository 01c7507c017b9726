import type { ByteSource } from './byte-source.ts';
import type { CheckpointSource } from './checkpoint-source.ts';
import { SaltError } from '../../protocol/errors.ts';
import { invalid } from './invalid.ts';
import { openPth } from './pth.ts';
import { openSafetensors } from './safetensors.ts';

/**
 * Opens a checkpoint by what it holds, whatever it is called.
 * @param fileName for messages, and to say what is wrong with a damaged safetensors file
 * @throws SaltError `CHECKPOINT_INVALID`, `CHECKPOINT_REFUSED`, `FILE_UNREADABLE`
 */
export async function openCheckpoint(source: ByteSource, fileName: string): Promise<CheckpointSource> {
  try {
    return await openByContent(source, fileName.endsWith('.safetensors'));
  } catch (error) {
    if (!(error instanceof SaltError)) throw error;
    const { code, message, details } = error;
    throw new SaltError(code, `${fileName}: ${message}`, { ...details, file: fileName }, { cause: error });
  }
}

async function openByContent(source: ByteSource, namedSafetensors: boolean): Promise<CheckpointSource> {
  const start = await source.read(0, Math.min(source.size, 64));
  const looksLikeSafetensors = start[6] === 0 && start[7] === 0 && start[8] === 0x7b;
  if (looksLikeSafetensors) return openSafetensors(source);
  const text = new TextDecoder('latin1').decode(start);
  if (text.startsWith('PK\x03\x04')) return openPth(source);
  const other = diagnose(start, text);
  if (other) throw invalid(other);
  if (namedSafetensors) return openSafetensors(source); // which says what is wrong with it
  throw invalid('This is neither a safetensors file nor a PyTorch checkpoint (.pth).');
}

/** What people have in place of a checkpoint, and how they get one. */
function diagnose(start: Uint8Array, text: string): string | undefined {
  if (start[0] === 0x80 && (start[1] ?? 0) <= 5) {
    return (
      'A checkpoint from before PyTorch 1.6, or a bare pickle, is not read. ' +
      'Load it where you trust it and save it again: torch.save(torch.load(path, weights_only=True), new_path).'
    );
  }
  if (text.startsWith('version https://git-lfs'))
    return 'This is a Git LFS pointer, not the file. Run `git lfs pull`.';
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text))
    return 'This is a web page, not a checkpoint. Fetch the file again.';
  return undefined;
}
