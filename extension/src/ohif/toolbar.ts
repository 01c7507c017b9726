import type { OhifServices } from '../host/ohif-types.ts';
import type { Strings } from '../strings/index.ts';
import { hotkeys } from './commands.ts';

/** What of OHIF's services is used before the session is there. All of it is optional: without it there is no button. */
export interface ModeServices {
  readonly uiNotificationService?: OhifServices['uiNotificationService'];
  readonly toolbarService?: {
    register(buttons: readonly object[]): void;
    updateSection(section: string, buttons: readonly string[]): void;
  };
  readonly customizationService?: {
    setCustomizations(customizations: Readonly<Record<string, unknown>>): void;
  };
}

const BUTTON = 'SaltDraft';

/** Adds our hotkeys to those of the mode, where the user's preferences list them. */
export function addHotkeys({ customizationService }: ModeServices, strings: Strings): void {
  customizationService?.setCustomizations({
    'ohif.hotkeyBindings': { $push: hotkeys(strings).map((hotkey) => ({ ...hotkey, isEditable: true })) },
  });
}

/** Puts our button at the end of the viewer's toolbar. */
export function addButton({ toolbarService }: ModeServices, { frames }: Strings): void {
  toolbarService?.register([
    {
      id: BUTTON,
      uiType: 'ohif.toolButton',
      props: {
        icon: 'icon-tool-click-segment',
        label: `SALT: ${frames.draft}`,
        tooltip: `SALT: ${frames.draft} (Shift+D)`,
        commands: 'salt.draftFrame',
        evaluate: 'evaluate.action',
      },
    },
  ]);
  toolbarService?.updateSection('primary', [BUTTON]);
}
