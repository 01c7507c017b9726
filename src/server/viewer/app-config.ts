/** What OHIF is told at its start: `/app-config.js`, which sets `window.config`. */

export const ARCHIVE_PATH = '/dicom-web';
export const PLUGIN_PATH = '/plugins/salt';

/** Name of the archive among OHIF's data sources. */
const DATA_SOURCE = 'archive';

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

export interface AppConfigOptions {
  /** For people. */
  readonly archiveName: string;
  /** Root of the services of an archive that is proxied, without a slash at the end. */
  readonly archiveUrl?: string;
  /** Whether the plug-in is there; without it the stock viewer runs alone. */
  readonly plugin: boolean;
}

/** @returns JavaScript; nothing in it leads to another origin. */
export function appConfig(options: AppConfigOptions): string {
  const { archiveName, archiveUrl, plugin } = options;
  const config = {
    name: 'ohif-salt',
    routerBasename: null,
    extensions: plugin ? [`${PLUGIN_PATH}/extension.js`] : [],
    modes: plugin ? [`${PLUGIN_PATH}/mode.js`] : [],
    customizationService: {},
    showStudyList: true,
    studyListFunctionsEnabled: true,
    maxNumberOfWebWorkers: 3,
    showWarningMessageForCrossOrigin: true,
    showCPUFallbackMessage: true,
    showLoadingIndicator: true,
    strictZSpacingForVolumeViewport: true,
    groupEnabledModesFirst: true,
    maxNumRequests: { interaction: 100, thumbnail: 5, prefetch: 25 },
    showErrorDetails: 'always',
    defaultDataSourceName: DATA_SOURCE,
    dataSources: [
      {
        namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
        sourceName: DATA_SOURCE,
        configuration: {
          friendlyName: archiveName,
          name: DATA_SOURCE,
          imageRendering: 'wadors',
          thumbnailRendering: 'wadors',
          enableStudyLazyLoad: true,
          // Orthanc's plug-in knows fewer attributes than OHIF asks for.
          qidoSupportsIncludeField: archiveUrl === undefined,
          supportsFuzzyMatching: false,
          supportsWildcard: true,
          supportsReject: false,
          dicomUploadEnabled: true,
          singlepart: 'bulkdata,video',
          omitQuotationForMultipartRequest: true,
          bulkDataURI: { enabled: true },
          // OHIF's own default, a labelmap, fails for a run of images with one painted frame.
          segmentation: { store: { defaultMode: 'bitmap', transferSyntaxUID: EXPLICIT_LITTLE_ENDIAN } },
        },
      },
      {
        namespace: '@ohif/extension-default.dataSourcesModule.dicomlocal',
        sourceName: 'dicomlocal',
        configuration: { friendlyName: 'Files of this computer' },
      },
    ],
  };
  return `window.config = ${JSON.stringify(config, null, 2)};
for (const { sourceName, configuration } of window.config.dataSources) {
  if (sourceName !== '${DATA_SOURCE}') continue;
  const root = window.location.origin + '${ARCHIVE_PATH}';
  Object.assign(configuration, { wadoUriRoot: root, qidoRoot: root, wadoRoot: root });
${archiveUrl === undefined ? '' : ownBulkData(archiveUrl)}}
`;
}

/**
 * An archive writes where its bulk data is (DICOM PS3.18, F.2.6) with its own name or, told of it, with ours, and always with its own path,
 * which leads nowhere here. The viewer may ask no other origin. It forgets what "transform" returns where no prefix is exchanged (OHIF 3.12 to
 * 3.14), so one is, by itself.
 */
function ownBulkData(archiveUrl: string): string {
  const path = new URL(`${archiveUrl}/studies/`).pathname.replaceAll(/[^\w/-]/gu, '\\$&');
  return `  const theirs = new RegExp(${JSON.stringify(`^(https?://[^/]*)?${path}`)}, 'i');
  const transform = (uri) => uri.replace(theirs, '${ARCHIVE_PATH}/studies/');
  Object.assign(configuration.bulkDataURI, { transform, startsWith: '${ARCHIVE_PATH}', prefixWith: '${ARCHIVE_PATH}' });
`;
}
