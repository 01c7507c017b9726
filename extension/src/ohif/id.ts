import manifest from '../../package.json' with { type: 'json' };

/** OHIF requires that an extension's id is the name of its package. */
export const EXTENSION_ID = manifest.name;
export const EXTENSION_VERSION = manifest.version;

/** The panel's name within the extension. */
export const PANEL_NAME = 'finetune';
/** Of the mode, which has no catalogues. */
export const MODE_LABEL = 'SALT fine-tune';
/** How a mode asks for the panel. */
export const PANEL_ID = `${EXTENSION_ID}.panelModule.${PANEL_NAME}`;
