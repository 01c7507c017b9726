import manifest from '../package.json' with { type: 'json' };

/** The OHIF mode: for now a name that the viewer can list. It shows no route and needs no other extension. */
const mode = { id: manifest.name, extensionDependencies: {} };

export default mode;
