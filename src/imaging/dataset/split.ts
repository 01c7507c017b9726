import { CsvError, parse } from 'csv-parse/browser/esm/sync';
import { SaltError } from '../../protocol/errors.ts';

/** One line of `data_split.csv`. */
export interface SplitRow {
  readonly image: string;
  readonly mask?: string;
  readonly split?: string;
}

const IMAGE_COLUMNS = ['image', 'images', 'imgs', 'img'];
const MASK_COLUMNS = ['mask', 'masks'];
const SPLIT_COLUMNS = ['split', 'set'];

/**
 * Reads `data_split.csv`: columns `image`, `mask` and `split`, or `imgs` and `split`; only the image is required.
 *
 * @throws SaltError DATASET_INVALID when it is no such table.
 */
export function readSplit(csv: string, fileName: string): SplitRow[] {
  const rows = parseCsv(csv, fileName);
  const [header, ...lines] = rows;
  const names = (header ?? []).map((name) => name.trim().toLowerCase());
  const column = (wanted: readonly string[]) => names.findIndex((name) => wanted.includes(name));
  const image = column(IMAGE_COLUMNS);
  const mask = column(MASK_COLUMNS);
  const split = column(SPLIT_COLUMNS);
  if (image < 0) {
    throw new SaltError(
      'DATASET_INVALID',
      `${fileName} has the columns ${names.join(', ') || '(none)'}; it needs "image" (or "imgs"), and may have ` +
        '"mask" and "split".',
    );
  }
  const cell = (line: readonly string[], at: number) => line[at]?.trim() || undefined;
  return lines.flatMap((line) => {
    const name = cell(line, image);
    if (name === undefined) return [];
    const maskName = cell(line, mask);
    const splitName = cell(line, split);
    return [
      {
        image: name,
        ...(maskName !== undefined && { mask: maskName }),
        ...(splitName !== undefined && { split: splitName }),
      },
    ];
  });
}

function parseCsv(csv: string, fileName: string): string[][] {
  try {
    return parse(csv, { bom: true, skip_empty_lines: true, relax_column_count: true });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new SaltError(
      'DATASET_INVALID',
      `${fileName} is not a table of comma-separated values: ${error.message}.`,
    );
  }
}
