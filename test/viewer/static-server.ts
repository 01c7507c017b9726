import Fastify from 'fastify';
import fastifyProxy from '@fastify/http-proxy';
import fastifyStatic from '@fastify/static';
import { fileURLToPath } from 'node:url';
import { findOhif } from '../../.ci/ohif.mjs';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export interface ViewerServer {
  readonly origin: string;
  close(): Promise<void>;
}

export interface ViewerServerOptions {
  /** Root of the archive's DICOMweb. */
  readonly archive: string;
  readonly ohif?: string;
  /** In place of `extensions`, `modes` and so on. */
  readonly config?: string;
}

/** Isolated, so that WASM has threads. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** The stock viewer with our plug-in on this machine. */
export async function startViewerServer(options: ViewerServerOptions): Promise<ViewerServer> {
  const ohif = findOhif(options.ohif);
  if (ohif === undefined) throw new Error(`The viewer is missing: node .ci/ohif.mjs ${options.ohif ?? ''}`);
  const app = Fastify();
  app.addHook('onSend', async (_request, reply) => void reply.headers(ISOLATION));
  await app.register(fastifyProxy, { upstream: options.archive, prefix: '/dicom-web' });
  app.get('/app-config.js', (_request, reply) =>
    reply.type('text/javascript').send(configuration(options.config)),
  );
  const folders: [prefix: string, folder: string][] = [
    ['/plugins/salt/ort/', root('node_modules/onnxruntime-web/dist/')],
    ['/plugins/salt/models/', root('models/')],
    ['/plugins/salt/', root('dist/viewer/')],
  ];
  for (const [prefix, folder] of folders) {
    await app.register(fastifyStatic, { root: folder, prefix, decorateReply: false });
  }
  await app.register(fastifyStatic, { root: ohif });
  app.setNotFoundHandler((request, reply) =>
    /\.[a-z]+$/.test(request.url) ? reply.code(404).send() : reply.sendFile('index.html'),
  );
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  return { origin: address, close: () => app.close() };
}

function configuration(plugins = PLUGINS): string {
  return `window.config = {
    routerBasename: null, showStudyList: true, investigationalUseDialog: { option: 'never' },
    customizationService: {}, maxNumberOfWebWorkers: 2, defaultDataSourceName: 'archive',
    dataSources: [{
      namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'archive',
      configuration: {
        friendlyName: 'Archive', name: 'archive', qidoRoot: '/dicom-web', wadoRoot: '/dicom-web',
        qidoSupportsIncludeField: true, imageRendering: 'wadors', thumbnailRendering: 'wadors',
        enableStudyLazyLoad: true, supportsFuzzyMatching: true, supportsWildcard: true, singlepart: '',
        bulkDataURI: { enabled: true }, omitQuotationForMultipartRequest: true,
      },
    }],
    ${plugins}
  };`;
}

const PLUGINS = `extensions: ['/plugins/salt/extension.js'], modes: ['/plugins/salt/mode.js']`;
