/** Where the files of a registered model lie in the models folder. */
import type { RegisteredFile, RegisteredModel } from '../../model/registry/registry.ts';

/** Names that many models have: such a file says nothing unless it lies in its model's folder. */
const COMMON_NAMES = /^(?:model\.safetensors|pytorch_model\.bin|config\.json|vocab\.json|merges\.txt)$/;

/** Whether a file of that name can be nothing else, so that it also counts in the models folder itself. */
export function hasNameOfItsOwn({ name }: RegisteredFile): boolean {
  return !COMMON_NAMES.test(name);
}

/** Relative to the models folder, with `/`; the first is where `pull` puts it. */
export function placesOf(model: RegisteredModel, file: RegisteredFile): readonly string[] {
  return [`${model.name}/${file.name}`, ...(hasNameOfItsOwn(file) ? [file.name] : [])];
}
