import { SaltError } from '../../../src/protocol/errors.ts';
import type { Host } from './open-host.ts';
import type { Places } from './places.ts';
import type { Viewer } from './viewer.ts';

/** The tools of OHIF's segmentation mode. */
const TOOLS = { brush: 'CircularBrush', eraser: 'CircularEraser' } as const;

/** The viewer's own limit, in mm. */
const LEAST_RADIUS = 0.5;

/**
 * Puts the viewer's brush in the user's hand, in the viewports that share tools with the active one. The diameter, in
 * pixels of the image, is that of the first time: a size that the user has set since is theirs, until an image of
 * another scale is on screen.
 */
export function createBrush(host: Host, places: Places): Pick<Viewer, 'hasBrush' | 'takeBrush'> {
  /** Millimetres a pixel that sizes were set for, by tool. A mode that is entered again makes its tool groups anew. */
  const sized = new WeakMap<object, Map<string, number>>();

  const toolGroupOf = (viewportId: string | undefined) =>
    viewportId === undefined ? undefined : host.services.toolGroupService.getToolGroupForViewport(viewportId);

  const hasBrush = (): boolean => toolGroupOf(places.activeViewportId())?.hasTool(TOOLS.brush) === true;

  const takeBrush: Viewer['takeBrush'] = (tool, diameter) => {
    const viewportId = places.activeViewportId();
    const toolGroup = toolGroupOf(viewportId);
    const toolName = TOOLS[tool];
    if (viewportId === undefined || !toolGroup?.hasTool(toolName)) {
      throw new SaltError(
        'VIEWER_STATE',
        'There is no brush in this mode or viewport. Open the study in the SALT mode or the Segmentation mode.',
      );
    }
    // Brushes are measured in the units of the image's spacing: mm, or pixels where a file states none.
    const [spacing = 1] = places.viewport(viewportId)?.getImageData?.()?.spacing ?? [];
    const scale = spacing > 0 ? spacing : 1;
    const scales = sized.get(toolGroup) ?? new Map<string, number>();
    sized.set(toolGroup, scales);
    if (diameter !== undefined && scales.get(toolName) !== scale) {
      const radius = (Math.max(1, diameter) / 2) * scale;
      // The viewer allows no radius below half a millimetre, which on the retina is wider than any vessel.
      toolGroup.setToolConfiguration(toolName, { minRadius: Math.min(LEAST_RADIUS, radius) });
      host.tools.utilities.segmentation.setBrushSizeForToolGroup(toolGroup.id, radius, toolName);
      scales.set(toolName, scale);
    }
    host.commands.runCommand('setToolActiveToolbar', { toolName, toolGroupIds: [toolGroup.id] });
  };

  return { hasBrush, takeBrush };
}
