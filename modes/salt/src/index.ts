import manifest from '../package.json' with { type: 'json' };
import { withPanel } from './with-panel.ts';
import type { ModeFactoryInput } from './with-panel.ts';

/** The stock mode that ours is made of: its tools, toolbars, hanging protocols and panels. */
const STOCK = '@ohif/mode-segmentation';

/** The OHIF mode: the viewer's own segmentation mode with our panel first on the right. */
const mode = {
  id: manifest.name,
  modeFactory: async (input: ModeFactoryInput) => withPanel(manifest.name, STOCK, input),
  extensionDependencies: {},
};

export default mode;
