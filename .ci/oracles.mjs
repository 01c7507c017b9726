/**
 * `npm run test:oracles`: compares with independent implementations in Python (PyTorch, SciPy, scikit-image,
 * pydicom ...). Uses the Python that OHIF_SALT_PYTHON names, else an environment under .oracles/, made here.
 * Started with `--import tsx`, see suites.mjs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runSuites, testFiles, tests } from './suites.mjs';

const PACKAGES = [
  'torch==2.13.0',
  'numpy',
  'scipy',
  'scikit-image',
  'pydicom',
  'pylibjpeg',
  'pylibjpeg-libjpeg',
  'pylibjpeg-openjpeg',
  'pylibjpeg-rle',
  'highdicom',
  'segment-anything',
  'safetensors',
  'onnx',
  'transformers',
  'ftfy',
  'dicomweb-client',
];
/** Installed without what they ask for: CLIP's text side needs none of its torchvision, whose builds follow PyTorch's. */
const ALONE = ['open_clip_torch==3.3.0'];

process.env.OHIF_SALT_PYTHON ??= makeEnvironment();
// `--prepare` makes the environment only.
if (!process.argv.includes('--prepare'))
  await runSuites({ oracles: () => tests(testFiles('test/oracles'), 2) });

/** Returns the path of its Python. */
function makeEnvironment() {
  const folder = join(ROOT, '.oracles');
  const python = join(
    folder,
    ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
  );
  const complete = join(folder, 'complete');
  const contents = [...PACKAGES, ...ALONE].join('\n');
  if (existsSync(complete) && readFileSync(complete, 'utf8') === contents) return python;
  console.log('Making a Python environment in .oracles/ (once, some minutes) ...');
  run(
    'python3',
    ['-m', 'venv', '--clear', folder],
    'Python 3.11 or newer with venv is needed: on Debian, apt install python3-venv.',
  );
  const pip = '-m pip install -qq --disable-pip-version-check --timeout 20 --retries 2'.split(' ');
  const failure = 'The Python packages could not be installed. Is there a package index (PyPI)?';
  run(python, [...pip, ...cpuIndex(python), ...PACKAGES], failure);
  run(python, [...pip, '--no-deps', ...ALONE], failure);
  run(python, ['-c', 'import torch'], 'PyTorch does not load.');
  writeFileSync(complete, contents);
  return python;
}

/** PyTorch without CUDA, a tenth of the size; where pip has been configured, its configuration knows better. */
function cpuIndex(python) {
  const { stdout } = spawnSync(python, ['-m', 'pip', 'config', 'list'], { encoding: 'utf8' });
  return /index-url|find-links/.test(stdout)
    ? []
    : ['--extra-index-url', 'https://download.pytorch.org/whl/cpu'];
}

function run(file, args, failure) {
  const { status } = spawnSync(file, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return;
  console.error(failure);
  process.exit(1);
}
