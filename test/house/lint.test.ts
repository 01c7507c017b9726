import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';

const root = fileURLToPath(new URL('../..', import.meta.url));
const eslint = new ESLint({ cwd: root });

/** The rules that a text breaks, were it the content of this (existing) file. */
async function broken(path: string, text: string): Promise<string[]> {
  const results = await eslint.lintText(text, { filePath: `${root}/${path}` });
  return results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => ruleId ?? message));
}

/** One file of several rooms; the tests put other text in their place. */
const GRAPH = 'src/graph/graph.ts';
const IMAGING = 'src/imaging/frame.ts';
const RUNTIME = 'src/runtime/probe.ts';
const NODE = 'src/runtime/node.ts';
const EXTENSION = 'extension/src/index.ts';
const PANEL = 'extension/src/panel/Panel.tsx';

describe('lint', () => {
  const violations: [name: string, path: string, text: string, rule: string][] = [
    ['any', GRAPH, 'export const x: any = 1;', '@typescript-eslint/no-explicit-any'],
    [
      'an unsafe value',
      GRAPH,
      'export const x: number = JSON.parse("1");',
      '@typescript-eslint/no-unsafe-assignment',
    ],
    [
      'a promise that nobody awaits',
      GRAPH,
      'export function f(): void { Promise.resolve(1); }',
      '@typescript-eslint/no-floating-promises',
    ],
    [
      'an import up the list of rooms',
      GRAPH,
      "import { probeDevice } from '../runtime/probe.ts';\nexport const f = probeDevice;",
      'import-x/no-restricted-paths',
    ],
    [
      'an import of a room beside',
      IMAGING,
      "import { Graph } from '../graph/graph.ts';\nexport const f = Graph;",
      'import-x/no-restricted-paths',
    ],
    [
      'an import of tests by the engine',
      GRAPH,
      "import { X } from '../../test/runtime/scenario.ts';\nexport const f = X;",
      'import-x/no-restricted-paths',
    ],
    [
      'the engine in the extension',
      EXTENSION,
      "import { Graph } from '../../src/graph/graph.ts';\nexport const f = Graph;",
      'import-x/no-restricted-paths',
    ],
    [
      "the worker's inside in the extension",
      EXTENSION,
      "import { createEngine } from '../../src/worker/engine.ts';\nexport const f = createEngine;",
      'import-x/no-restricted-paths',
    ],
    [
      'OHIF in the panel',
      PANEL,
      "import { openHost } from '../host/open-host.ts';\nexport const f = openHost;",
      'import-x/no-restricted-paths',
    ],
    [
      'a hook that is not always called',
      PANEL,
      "import { useState } from 'react';\nexport const useIf = (on: boolean) => (on ? useState(1) : undefined);",
      'react-hooks/rules-of-hooks',
    ],
    [
      'a cycle',
      'src/runtime/devices.ts',
      "import { openSelected } from './open.ts';\nexport const selectDevice = openSelected;",
      'import-x/no-cycle',
    ],
    [
      'ONNX Runtime outside runtime/',
      GRAPH,
      "import { Tensor } from 'onnxruntime-node';\nexport const f = Tensor;",
      'no-restricted-imports',
    ],
    [
      'the types of ONNX Runtime outside runtime/',
      GRAPH,
      "import type { Tensor } from 'onnxruntime-common';\nexport type F = Tensor;",
      'no-restricted-imports',
    ],
    [
      'the default entry of onnxruntime-web',
      RUNTIME,
      "import { Tensor } from 'onnxruntime-web';\nexport const f = Tensor;",
      'no-restricted-imports',
    ],
    [
      "Node's modules in a file for browsers",
      GRAPH,
      "import { readFileSync } from 'node:fs';\nexport const f = readFileSync;",
      'no-restricted-imports',
    ],
    [
      'a file for Node alone in a file for browsers',
      RUNTIME,
      "import { openNodeDevice } from './node.ts';\nexport const f = openNodeDevice;",
      'no-restricted-imports',
    ],
    [
      "Node's globals in a file for browsers",
      GRAPH,
      'export const f = process.env;',
      'no-restricted-globals',
    ],
  ];
  for (const [name, path, text, rule] of violations) {
    test(`refuses ${name}`, async () => {
      const rules = await broken(path, `${text}\n`);
      assert.ok(rules.includes(rule), `${rule} is silent; got ${rules.join(', ')}`);
    });
  }

  const allowed: [name: string, path: string, text: string][] = [
    ['the contracts of graph/ anywhere', IMAGING, "export type { HostTensor } from '../graph/tensor.ts';"],
    ['an import down the list of rooms', RUNTIME, "export { Graph } from '../graph/graph.ts';"],
    ["Node's modules in a file for Node", NODE, "export { readFileSync } from 'node:fs';"],
    [
      "the extension's two doors into the engine",
      EXTENSION,
      "export { createWorkerBackend } from '../../src/worker/client.ts';\nexport { encodeSegFromMetadata } from '../../src/imaging/seg.ts';",
    ],
    ['the contract of the host in the panel', PANEL, "export type { Viewer } from '../host/viewer.ts';"],
    ['ONNX Runtime in runtime/', NODE, "export { Tensor } from 'onnxruntime-node';"],
  ];
  for (const [name, path, text] of allowed) {
    test(`allows ${name}`, async () => assert.deepEqual(await broken(path, `${text}\n`), []));
  }
});
