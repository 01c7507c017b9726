import type { Managers } from '../../../extension/src/host/ohif-types.ts';
import { createOhifViewer } from '../../../extension/src/host/ohif-viewer.ts';
import type { Viewer } from '../../../extension/src/host/viewer.ts';

declare global {
  var saltViewer: Viewer | undefined;
}

/** An OHIF extension that hands the viewer, as the panel sees it, to the test. */
export default {
  id: 'ohif-salt-host-test',
  onModeEnter: (managers: Managers) => {
    globalThis.saltViewer = createOhifViewer(managers);
  },
};
