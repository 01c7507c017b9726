import { generateFundus } from '../../generator/fundus/fundus.ts';
import type { GeneratedImage } from '../../generator/generated-image.ts';
import { generateOcta } from '../../generator/octa/octa.ts';
import { generateRun } from '../../generator/xray/cine.ts';
import { DEMO_RUN } from '../../generator/xray/cine-look.ts';
import { meanColumn } from '../../imaging/mask.ts';
import type { DemoStudy } from './attributes.ts';
import type { Attributes } from './dicom-file.ts';
import { OP_STORAGE, opAttributes } from './op-attributes.ts';
import { XA_STORAGE, xaAttributes } from './xa-attributes.ts';

/** Raise it whenever the drawn images or what is written about them change: archives are then brought up to date. */
export const DEMO_GENERATION = 1;

/** A series of one instance. */
export interface DemoSeries {
  /** Names its file and the folder of its masks. */
  readonly key: string;
  readonly study: DemoStudy;
  readonly number: number;
  readonly description: string;
  readonly sopClassUid: string;
  draw(): DrawnSeries;
}

export interface DrawnSeries {
  readonly frames: readonly GeneratedImage[];
  /** What the series' own kind of image adds. */
  readonly attributes: Attributes;
}

const CORONARY: DemoStudy = {
  key: 'coronary',
  patientName: 'Demo^Coronary',
  patientId: 'DEMO-1',
  patientSex: 'M',
  patientAge: '063Y',
  description: 'Coronary angiography',
  date: '20260112',
  accessionNumber: 'DEMO1',
};

const RETINA: DemoStudy = {
  key: 'retina',
  patientName: 'Demo^Retina',
  patientId: 'DEMO-2',
  patientSex: 'F',
  patientAge: '055Y',
  description: 'Retinal imaging',
  date: '20260113',
  accessionNumber: 'DEMO2',
};

/** Seeds below a million are kept for demonstrations and tests: pretraining never draws them. */
const SEEDS = { left: 24, right: 41, fundus: 21, octa: 18 } as const;

const XA = { size: 512, frames: 30 } as const;
const FUNDUS_SIZE = 768;
const OCTA_SIZE = 608;
/** mm on the retina across a photograph of 45 degrees, and across the scan. */
const [FUNDUS_WIDTH, OCTA_WIDTH] = [13.4, 3];

export const DEMO_SERIES: readonly DemoSeries[] = [
  {
    key: 'coronary-left',
    study: CORONARY,
    number: 1,
    description: 'LCA RAO 25 CAUD 20',
    sopClassUid: XA_STORAGE,
    draw: () => drawRun(SEEDS.left, 'left coronary', { primary: -25, secondary: -20 }),
  },
  {
    key: 'coronary-right',
    study: CORONARY,
    number: 2,
    description: 'RCA LAO 35',
    sopClassUid: XA_STORAGE,
    draw: () => drawRun(SEEDS.right, 'right coronary', { primary: 35, secondary: 0 }),
  },
  {
    key: 'retina-fundus',
    study: RETINA,
    number: 1,
    description: 'Colour fundus 45 deg',
    sopClassUid: OP_STORAGE,
    draw: () => {
      const image = generateFundus(SEEDS.fundus, FUNDUS_SIZE);
      return {
        frames: [image],
        attributes: opAttributes(
          {
            laterality: eyeOf(image),
            channels: 3,
            size: FUNDUS_SIZE,
            spacing: FUNDUS_WIDTH / FUNDUS_SIZE,
            fieldOfView: 45,
            device: 'fundus camera',
          },
          RETINA.date,
        ),
      };
    },
  },
  {
    key: 'retina-octa',
    study: RETINA,
    number: 2,
    description: 'OCT angiography 3 x 3 mm',
    sopClassUid: OP_STORAGE,
    draw: () => ({
      frames: [generateOcta(SEEDS.octa, OCTA_SIZE)],
      attributes: opAttributes(
        {
          laterality: 'R',
          channels: 1,
          size: OCTA_SIZE,
          spacing: OCTA_WIDTH / OCTA_SIZE,
          fieldOfView: 10,
          device: 'optical coherence tomography scanner',
        },
        RETINA.date,
      ),
    }),
  },
];

function drawRun(
  seed: number,
  view: 'left coronary' | 'right coronary',
  angles: { readonly primary: number; readonly secondary: number },
): DrawnSeries {
  const { frames } = generateRun(seed, XA.size, XA.frames, { ...DEMO_RUN, view });
  return {
    frames,
    attributes: xaAttributes({ ...angles, frameRate: DEMO_RUN.frameRate }, XA.size, frames.length),
  };
}

/** In a right eye the optic disc lies to the right of the middle, as one looks at the picture. */
function eyeOf({ masks, frame }: GeneratedImage): 'L' | 'R' {
  const disc = masks.get('optic disc');
  const column = disc && meanColumn(disc);
  return column !== undefined && column < frame.width / 2 ? 'L' : 'R';
}
