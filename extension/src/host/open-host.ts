import { SaltError } from '../../../src/protocol/errors.ts';
import type { CornerstoneCore, CornerstoneTools } from './cornerstone-types.ts';
import type { CommandsManager, ExtensionManager, Managers, OhifServices } from './ohif-types.ts';

/** The viewer's own parts, checked. */
export interface Host {
  readonly services: OhifServices;
  readonly commands: CommandsManager;
  readonly extensions: ExtensionManager;
  readonly core: CornerstoneCore;
  readonly tools: CornerstoneTools;
}

const SUPPORTED_VIEWERS = 'OHIF 3.12, 3.13 and 3.14';

/** Module in which OHIF hands out its cornerstone. */
const CORNERSTONE_MODULE = '@ohif/extension-cornerstone.utilityModule.common';

/** Every function that is called, and every table of events that is read, by its path in `Host`. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'services.displaySetService': [
    'subscribe',
    'getActiveDisplaySets',
    'getDisplaySetByUID',
    'getDisplaySetsForSeries',
  ],
  'services.viewportGridService': [
    'subscribe',
    'getState',
    'setActiveViewportId',
    'setDisplaySetsForViewport',
  ],
  'services.cornerstoneViewportService': ['subscribe', 'getCornerstoneViewport'],
  'services.segmentationService': [
    'subscribe',
    'getSegmentation',
    'getSegmentations',
    'createLabelmapForDisplaySet',
    'addSegmentationRepresentation',
    'addSegment',
    'setActiveSegment',
    'setActiveSegmentation',
    'getActiveSegmentation',
    'getViewportIdsWithSegmentation',
    'remove',
  ],
  'services.toolGroupService': ['getToolGroupForViewport'],
  'services.uiNotificationService': ['show'],
  commands: ['runCommand'],
  extensions: ['getModuleEntry', 'getActiveDataSource'],
  'core.imageLoader': ['loadAndCacheImage'],
  'core.cache': ['getImage', 'getVolume'],
  'core.metaData': ['get', 'addProvider'],
  'core.utilities.HistoryMemo.DefaultHistoryMemo': ['push'],
  'tools.segmentation.triggerSegmentationEvents': ['triggerSegmentationDataModified'],
  'tools.segmentation.segmentIndex': ['getActiveSegmentIndex'],
  'tools.utilities.segmentation': ['setBrushSizeForToolGroup'],
};

/**
 * Takes from OHIF what the extension needs.
 *
 * @throws SaltError VIEWER_UNSUPPORTED when something is missing; `details.missing` names it.
 */
export function openHost({ servicesManager, commandsManager, extensionManager }: Managers): Host {
  const libraries = cornerstoneLibraries(extensionManager);
  const candidate = {
    services: servicesManager.services,
    commands: commandsManager,
    extensions: extensionManager,
    core: at(libraries, 'cornerstone'),
    tools: at(libraries, 'cornerstoneTools'),
  };
  if (isHost(candidate)) return candidate;
  const missing = missingOf(candidate);
  throw new SaltError(
    'VIEWER_UNSUPPORTED',
    `This viewer lacks ${missing[0] ?? 'a function'}, which the SALT extension calls. Use ${SUPPORTED_VIEWERS}.`,
    { missing },
  );
}

function missingOf(candidate: unknown): string[] {
  return Object.entries(NEEDED).flatMap(([path, functions]) => {
    const owner = path.split('.').reduce(at, candidate);
    const absent = functions.filter((name) => typeof at(owner, name) !== 'function');
    if (functions.includes('subscribe') && typeof at(owner, 'EVENTS') !== 'object') absent.push('EVENTS');
    return absent.map((name) => `${path}.${name}`);
  });
}

function isHost(candidate: unknown): candidate is Host {
  return missingOf(candidate).length === 0;
}

function cornerstoneLibraries(extensionManager: unknown): unknown {
  const entry = call(extensionManager, 'getModuleEntry', CORNERSTONE_MODULE);
  return call(at(entry, 'exports'), 'getCornerstoneLibraries');
}

function call(owner: unknown, name: string, ...input: readonly unknown[]): unknown {
  const method = at(owner, name);
  return typeof method === 'function' ? (Reflect.apply(method, owner, input) as unknown) : undefined;
}

function at(owner: unknown, name: string): unknown {
  const isOwner = (typeof owner === 'object' && owner !== null) || typeof owner === 'function';
  return isOwner ? (Reflect.get(owner, name) as unknown) : undefined;
}
