import { SaltError } from '../../../src/protocol/errors.ts';
import { isAttributes, textOf } from './attributes.ts';
import type { DataSource } from './ohif-types.ts';
import type { Host } from './open-host.ts';

/** A derived object that goes where its study came from. */
export interface NewInstance {
  readonly part10: ArrayBuffer;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
}

/** Milliseconds without an answer, after which it is given up: the viewer's own requests have no end. */
const [STORING_PATIENCE, LISTING_PATIENCE] = [5 * 60_000, 20_000];
const UNANSWERED =
  'The archive has not answered for five minutes; it may have the segmentation all the same. Your masks are still in the viewer. Look in the study list before you save again.';

/**
 * Stores a DICOM file in the archive that the open study came from (STOW-RS).
 *
 * @returns false where the study came from no archive, such as files of this computer.
 * @throws SaltError SAVE_FAILED when the archive does not take it, SAVE_UNANSWERED when it does not say.
 */
export async function storeInArchive(
  host: Pick<Host, 'extensions'>,
  { part10 }: Pick<NewInstance, 'part10'>,
  patience = STORING_PATIENCE,
): Promise<boolean> {
  const dataSource = activeDataSource(host);
  if (!dataSource?.store?.dicom || !isArchive(dataSource)) return false;
  try {
    await answered(dataSource.store.dicom(part10), patience);
    return true;
  } catch (error) {
    if (error instanceof SaltError) throw error;
    throw new SaltError(
      'SAVE_FAILED',
      failure(statusOf(error)),
      { status: statusOf(error) },
      { cause: error },
    );
  }
}

/**
 * Asks the archive for a series that has just been stored, so that the viewer lists it with its study.
 *
 * @returns whether it does, as far as the archive says in good time.
 */
export async function showSeries(
  host: Host,
  instance: NewInstance,
  patience = LISTING_PATIENCE,
): Promise<boolean> {
  const { studyInstanceUid, seriesInstanceUid } = instance;
  const dataSource = activeDataSource(host);
  if (!dataSource) return false;
  // The viewer keeps what it asked of a study, and would keep this answer as the whole of it.
  forgetStudy(dataSource, studyInstanceUid);
  try {
    const asked = dataSource.retrieve?.series?.metadata?.({
      StudyInstanceUID: studyInstanceUid,
      filters: { seriesInstanceUID: [seriesInstanceUid] },
    });
    await answered(asked, patience);
  } catch {
    return false;
  } finally {
    forgetStudy(dataSource, studyInstanceUid);
  }
  return host.services.displaySetService.getDisplaySetsForSeries(seriesInstanceUid).length > 0;
}

/** @throws SaltError SAVE_UNANSWERED after so many milliseconds, and as the answer does. */
async function answered(answer: unknown, patience: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SaltError('SAVE_UNANSWERED', UNANSWERED)), patience);
  });
  try {
    await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** Hands a file to the browser's downloads. */
export function download(part10: ArrayBuffer, fileName: string): void {
  const url = URL.createObjectURL(new Blob([part10], { type: 'application/dicom' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser has read the address by then, but not always when click() returns.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function activeDataSource({ extensions }: Pick<Host, 'extensions'>): DataSource | undefined {
  return extensions.getActiveDataSource()[0];
}

/** OHIF 3.12 to 3.14 keep answers under the data source's name and the study, but forget them by the study alone. */
function forgetStudy(dataSource: DataSource, studyInstanceUid: string): void {
  const config = dataSource.getConfig?.();
  const name = isAttributes(config) ? textOf(config, 'name') : '';
  for (const key of [studyInstanceUid, `${name}:${studyInstanceUid}`]) {
    dataSource.deleteStudyMetadataPromise?.(key);
  }
}

/** Data sources without a server also have `store.dicom`, which warns or leaves the page. */
function isArchive(dataSource: DataSource): boolean {
  const config = dataSource.getConfig?.();
  return isAttributes(config) && typeof config['wadoRoot'] === 'string' && config['wadoRoot'] !== '';
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const status: unknown =
    Reflect.get(error, 'status') ?? Reflect.get(Object(Reflect.get(error, 'request')), 'status');
  return typeof status === 'number' ? status : undefined;
}

function failure(status: number | undefined): string {
  if (status === 401 || status === 403) {
    return 'The archive does not let you store segmentations. Sign in again, or ask its administrator for the right to store.';
  }
  if (status === 413)
    return 'The archive refuses files of this size. Ask its administrator to raise its limit.';
  if (status !== undefined && status >= 400 && status < 500) {
    return `The archive refused the segmentation (HTTP ${status}). Its log says why; your masks are still in the viewer.`;
  }
  if (status !== undefined && status >= 500) {
    return `The archive failed while storing (HTTP ${status}). Your masks are still in the viewer: save again in a while.`;
  }
  return 'The archive could not be reached. Your masks are still in the viewer: check the connection and save again.';
}
