import { readFileSync } from 'node:fs';
import { parseRegistry } from '../../model/registry/registry.ts';
import type { RegisteredModel } from '../../model/registry/registry.ts';
import { SaltError } from '../../protocol/errors.ts';

let registry: readonly RegisteredModel[] | undefined;

/** The models that can be fetched by name: `models/registry.json` of this package. @throws SaltError `FILE_UNREADABLE` */
export function registeredModels(): readonly RegisteredModel[] {
  if (registry) return registry;
  const file = new URL('../../../models/registry.json', import.meta.url);
  try {
    return (registry = parseRegistry(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof SaltError) throw error;
    throw new SaltError(
      'FILE_UNREADABLE',
      'The registry of models is missing: install ohif-salt again.',
      {},
      { cause: error },
    );
  }
}

/** @throws SaltError `MODEL_UNKNOWN` listing the names that there are */
export function registeredModel(name: string): RegisteredModel {
  const models = registeredModels();
  const found = models.find((model) => model.name === name);
  if (found) return found;
  const known = models.map((model) => model.name);
  throw new SaltError('MODEL_UNKNOWN', `No model "${name}" can be fetched; there are ${known.join(', ')}.`, {
    name,
    known,
  });
}
