import { createElement } from 'react';
import type { Managers } from './host/ohif-types.ts';
import { commandsModule } from './ohif/commands-module.ts';
import { EXTENSION_ID, PANEL_NAME } from './ohif/id.ts';
import { pageStrings } from './ohif/language.ts';
import { mounted } from './ohif/mount.ts';
import { Page } from './ohif/page.ts';
import { PanelRoot } from './ohif/panel-root.tsx';
import { addButton, addHotkeys } from './ohif/toolbar.ts';
import type { ModeServices } from './ohif/toolbar.ts';

const page = new Page();

interface Registration extends Managers {
  /** What stands beside the extension in OHIF's configuration. */
  readonly configuration?: unknown;
}

interface ModeEntry {
  readonly servicesManager: { readonly services: ModeServices };
}

/**
 * The OHIF extension: a panel, for modes that ask for it, and commands, hotkeys and a button in the toolbar, in every mode. They
 * work without the panel, and a mode's panels are not yet settled when its extensions are told that it is entered.
 */
const extension = {
  id: EXTENSION_ID,

  preRegistration({ configuration, ...managers }: Registration): void {
    page.register(managers, configuration);
  },

  onModeEnter({ servicesManager: { services } }: ModeEntry): void {
    const strings = pageStrings();
    addHotkeys(services, strings);
    // The mode fills its toolbar right after its extensions are told; the button goes behind what is there then.
    queueMicrotask(() => {
      addButton(services, strings);
      page.enterMode();
    });
  },

  getPanelModule: () => [
    {
      name: PANEL_NAME,
      iconName: 'icon-tool-click-segment',
      iconLabel: 'SALT',
      label: pageStrings().title,
      component: mounted(() => createElement(PanelRoot, { page })),
    },
  ],

  getCommandsModule: ({ servicesManager: { services } }: ModeEntry) =>
    commandsModule(page, services, pageStrings()),
};

export default extension;
