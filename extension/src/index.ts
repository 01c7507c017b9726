import manifest from '../package.json' with { type: 'json' };

/** The OHIF extension: for now a name that the viewer can register. */
const extension = { id: manifest.name };

export default extension;
