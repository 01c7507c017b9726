import { z } from 'zod';
import type { SvdCache } from '../../linalg/svd-cache.ts';
import { parsed, reading, writing } from './database.ts';

const numbers = z.instanceof(Float32Array<ArrayBuffer>);

/** A key names the shape, so that a factorisation of another is one that was tampered with. */
const svdSchema = z
  .strictObject({ rows: z.int(), cols: z.int(), u: numbers, s: numbers, vt: numbers })
  .refine(({ rows, cols, u, s, vt }) => {
    const values = Math.min(rows, cols);
    return u.length === rows * values && s.length === values && vt.length === values * cols;
  });

/** Factorisations in the browser's database. What is damaged counts as not there. */
export const storedSvds: SvdCache = {
  async get(key) {
    const found = parsed(svdSchema, await reading((db) => db.get('svd', key)));
    if (!found || !key.includes(`-${found.rows}x${found.cols}-`)) return undefined;
    const { u, s, vt } = found;
    return { u, s, vt };
  },
  async put(key, { u, s, vt }) {
    const values = s.length;
    const entry = { rows: u.length / values, cols: vt.length / values, u, s, vt };
    await writing(['svd'], (store) => store('svd').put(entry, key));
  },
};
