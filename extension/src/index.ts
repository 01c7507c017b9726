import { createElement } from 'react';
import { EXTENSION_ID, PANEL_LABEL, PANEL_NAME } from './ohif/id.ts';
import { mounted } from './ohif/mount.ts';

/** The OHIF extension. */
const extension = {
  id: EXTENSION_ID,
  getPanelModule: () => [
    {
      name: PANEL_NAME,
      iconName: 'tab-segmentation',
      iconLabel: 'SALT',
      label: PANEL_LABEL,
      component: mounted(() => createElement('section', { 'aria-label': PANEL_LABEL }, PANEL_LABEL)),
    },
  ],
};

export default extension;
