import { MODE_LABEL, PANEL_ID } from '../../../extension/src/ohif/id.ts';

/** What of OHIF's mode API is used here; the rest passes through untouched. */
export interface Mode {
  readonly routes: readonly Route[];
  onModeEnter?(this: Mode, context: ModeContext): void;
  readonly [other: string]: unknown;
}
export interface Route {
  readonly layoutTemplate: (...input: readonly unknown[]) => Layout | Promise<Layout>;
  readonly [other: string]: unknown;
}
interface ModeContext {
  readonly servicesManager: {
    readonly services: Readonly<Record<string, object>>;
    readonly [other: string]: unknown;
  };
  readonly [other: string]: unknown;
}
interface Customizations {
  setCustomizations?(customizations: Readonly<Record<string, unknown>>): void;
}
interface Layout {
  readonly props: {
    readonly rightPanels?: readonly string[];
    readonly [other: string]: unknown;
  };
  readonly [other: string]: unknown;
}

export interface ModeFactoryInput {
  readonly modeConfiguration?: Readonly<Record<string, unknown>>;
  /** Loads modes or extensions of the viewer by name. */
  readonly loadModules: (
    names: readonly string[],
  ) => Promise<readonly { readonly modeFactory: (input: unknown) => Mode | Promise<Mode> }[]>;
}

/**
 * The stock mode, under our name and with our panel. OHIF gained `layoutInstance` in 3.13; what the layout's function
 * returns has been the same in all versions, so that is what is changed.
 */
export async function withPanel(id: string, stock: string, input: ModeFactoryInput): Promise<Mode> {
  const [module] = await input.loadModules([stock]);
  if (module === undefined) throw new Error(`This viewer has no mode "${stock}", which ours is made of.`);
  const mode = await module.modeFactory({ modeConfiguration: input.modeConfiguration ?? {} });
  return {
    ...mode,
    id,
    routeName: 'salt',
    displayName: MODE_LABEL,
    routes: mode.routes.map((route, index) => (index === 0 ? withPanelFirst(route) : route)),
    onModeEnter(context) {
      withoutStatistics(context);
      mode.onModeEnter?.call(this, stayingOnPanel(context));
    },
  };
}

function withPanelFirst(route: Route): Route {
  return {
    ...route,
    layoutTemplate: async (...input) => {
      const layout = await route.layoutTemplate(...input);
      const { rightPanels = [], rightPanelClosed: _closed, ...props } = layout.props;
      return {
        ...layout,
        props: { ...props, rightPanels: [PANEL_ID, ...rightPanels], rightPanelClosed: false },
      };
    },
  };
}

/**
 * A second after every stroke, draft or segmented frame the viewer measures the volume of each segment over all frames, as if a
 * run were slices of a body: half a second or so of a processor that drafts and training could use, for figures that mean nothing here.
 * A site that wants them sets this customisation to false in the viewer's configuration.
 */
function withoutStatistics({ servicesManager }: ModeContext): void {
  const customizations: Customizations = servicesManager.services.customizationService ?? {};
  customizations.setCustomizations?.({ 'panelSegmentation.disableUpdateSegmentationStats': true });
}

/**
 * The stock mode turns to its own panel when the first segmentation appears, which would put ours away in the middle of
 * the work. It does so through the panel service that it is given.
 */
function stayingOnPanel(context: ModeContext): ModeContext {
  const { services } = context.servicesManager;
  const panelService = Object.create(services.panelService ?? {}, {
    activatePanel: { value: () => undefined },
  }) as object;
  const servicesManager = Object.create(context.servicesManager, {
    services: { value: { ...services, panelService } },
  }) as ModeContext['servicesManager'];
  return { ...context, servicesManager };
}
