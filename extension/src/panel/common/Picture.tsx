import { useEffect, useRef } from 'react';
import type { FramePixels, Region } from '../../../../src/protocol/frames.ts';
import type { WordMask } from '../../store/state.ts';
import { drawPicture } from '../draw.ts';
import { useSlice } from '../session-context.ts';
import { colourOf } from '../word-colour.ts';

interface PictureProps {
  readonly frame: FramePixels;
  readonly masks: readonly WordMask[];
  /** What counts of the frame; the rest is drawn dark. */
  readonly part?: Region | undefined;
  /** Longest side in pixels of the screen. */
  readonly side: number;
  /** Without it the picture is decoration: what is around it says the same. */
  readonly label?: string;
}

export function Picture({ frame, masks, part, side, label }: PictureProps) {
  const colours = useSlice((state) => state.colours);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    const outlines = masks.map(({ word, mask }, at) => ({ mask, colour: colourOf(colours, word, at) }));
    const { width, height, data } = drawPicture(frame, outlines, side * Math.min(2, devicePixelRatio), part);
    element.width = width;
    element.height = height;
    context.putImageData(new ImageData(data, width, height), 0, 0);
  }, [frame, masks, colours, part, side]);
  return (
    <canvas
      ref={canvas}
      className="salt-picture"
      {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}
    />
  );
}
