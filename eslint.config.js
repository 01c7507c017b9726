import js from '@eslint/js';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * The rooms of src/, lowest first. A room may import the rooms of earlier rows and itself; rooms of one row do
 * not know each other. Everyone may import `graph/tensor.ts` and `graph/executor.ts`, which are contracts.
 */
export const ROOMS = [
  ['protocol'],
  ['graph', 'linalg', 'imaging'],
  ['metrics', 'generator'],
  ['model'],
  ['adapters'],
  ['inference'],
  ['training'],
  ['runtime'],
  ['worker'],
  ['server'],
  ['cli'],
];

const CONTRACTS = ['tensor.ts', 'executor.ts'];

/** Files that run in Node alone. All other files of src/ must also run in a browser. */
const NODE_FILES = ['src/**/*.node.ts', 'src/runtime/node.ts', 'src/cli/**', 'src/server/**'];

const rooms = ROOMS.flat();
const levelOf = new Map(ROOMS.flatMap((row, level) => row.map((room) => [room, level])));

/** One zone for every pair of rooms where `target` may not import `from`. */
const roomZones = rooms.flatMap((target) =>
  rooms
    .filter((from) => from !== target && levelOf.get(from) >= levelOf.get(target))
    .map((from) => ({
      target: `./src/${target}`,
      from: `./src/${from}`,
      ...(from === 'graph' ? { except: CONTRACTS.map((file) => `./${file}`) } : {}),
      message: `"${target}" lies below "${from}" or beside it: see ROOMS in eslint.config.js.`,
    })),
);

/** What the extension may import of the rooms above `protocol`: the way to a back end, and what it does with masks. */
const DOORS = {
  worker: ['./client.ts'],
  imaging: ['./seg.ts', './dicom/code.ts', './dicom/source-attributes.ts', './small-components.ts'],
};

const outerZones = [
  ...['test', 'bench', 'extension', 'modes'].map((from) => ({
    target: './src',
    from: `./${from}`,
    message: 'The engine does not know who uses it.',
  })),
  ...['panel', 'store', 'strings', 'workflow'].map((room) => ({
    target: `./extension/src/${room}`,
    from: './extension/src/host',
    except: ['./viewer.ts'],
    message: 'Only host/ knows OHIF and cornerstone; everyone else knows the contract in host/viewer.ts.',
  })),
  ...['extension', 'modes'].flatMap((target) =>
    rooms
      .filter((room) => room !== 'protocol')
      .map((from) => ({
        target: `./${target}`,
        from: `./src/${from}`,
        ...(target === 'extension' && from in DOORS ? { except: DOORS[from] } : {}),
        message: 'The viewer side speaks the protocol and knows nothing of the engine.',
      })),
  ),
];

const onnxRuntimeOutside = {
  regex: '^onnxruntime-(?!common$)',
  message: 'Only src/runtime may import ONNX Runtime; use Executor from graph/executor.ts.',
};
const onnxRuntimeCommon = {
  regex: '^onnxruntime-common$',
  message: onnxRuntimeOutside.message,
};
const onnxRuntimeDefault = {
  regex: '^onnxruntime-web(?!/(webgpu|wasm)$)',
  message:
    "Import 'onnxruntime-web/webgpu' or '/wasm': the default entry has the deprecated WebGPU provider.",
};
const nodeModules = {
  regex: '^node:',
  message: 'This file must also run in a browser: put Node code into a *.node.ts file.',
};
const nodeFiles = {
  regex: '(\\.node\\.ts|(^\\./|/runtime/)node\\.ts|/cli/.*|/server/.*)$',
  message: 'This file must also run in a browser, so it may not import a file for Node alone.',
};

const restrictImports = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

const typed = {
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  '@typescript-eslint/no-confusing-void-expression': 'off',
  '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
  // Interfaces that are asynchronous on one device are not on another.
  '@typescript-eslint/require-await': 'off',
  // Under noUncheckedIndexedAccess, `data[i]!` is the only free way to read a typed array in a kernel.
  '@typescript-eslint/no-non-null-assertion': 'off',
  '@typescript-eslint/no-floating-promises': [
    'error',
    {
      allowForKnownSafeCalls: [
        { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite'] },
      ],
    },
  ],
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  'import-x/no-cycle': ['error', { ignoreExternal: true }],
  'import-x/no-restricted-paths': ['error', { zones: [...roomZones, ...outerZones] }],
  'max-lines': ['error', 400],
  eqeqeq: 'error',
};

export default defineConfig(
  globalIgnores(['**/node_modules/', 'dist/', 'out/', '.oracles/', 'models/', 'bench/results/']),
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.tsx', '.js'] })],
      'import-x/extensions': ['.ts', '.tsx'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
    },
    rules: typed,
  },
  {
    files: ['src/**/*.ts', 'extension/**/*.{ts,tsx}', 'modes/**/*.ts'],
    ignores: ['src/runtime/**', ...NODE_FILES],
    rules: restrictImports(onnxRuntimeOutside, onnxRuntimeCommon, nodeModules, nodeFiles),
  },
  { files: NODE_FILES, rules: restrictImports(onnxRuntimeOutside, onnxRuntimeCommon) },
  {
    files: ['src/runtime/**/*.ts'],
    ignores: NODE_FILES,
    rules: restrictImports(onnxRuntimeDefault, nodeModules, nodeFiles),
  },
  { files: ['src/runtime/**/*.node.ts', 'src/runtime/node.ts'], rules: restrictImports(onnxRuntimeDefault) },
  {
    files: ['src/**/*.ts'],
    ignores: NODE_FILES,
    rules: {
      'no-restricted-globals': ['error', 'process', 'Buffer', 'require', '__dirname', '__filename', 'global'],
    },
  },
  { files: ['extension/**/*.{ts,tsx}'], ...reactHooks.configs.flat.recommended },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: { console: 'readonly', process: 'readonly', URL: 'readonly', setTimeout: 'readonly' },
    },
  },
);
