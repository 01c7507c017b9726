/** Seconds that a training step took here, by model and method. */
import { z } from 'zod';
import type { TrainMethod } from '../../protocol/backend.ts';
import { parsed, reading, writing } from './database.ts';

const secondsSchema = z.number().positive();

const keyOf = (model: string, method: TrainMethod): string => `${method} ${model}`;

export async function readPace(model: string, method: TrainMethod): Promise<number | undefined> {
  return parsed(secondsSchema, await reading((db) => db.get('pace', keyOf(model, method))));
}

/** @param seconds of the steps of a run; their median is kept */
export async function writePace(
  model: string,
  method: TrainMethod,
  seconds: readonly number[],
): Promise<void> {
  const median = [...seconds].sort((a, b) => a - b)[seconds.length >> 1];
  if (median === undefined || !(median > 0)) return;
  await writing(['pace'], (store) => store('pace').put(median, keyOf(model, method)));
}
