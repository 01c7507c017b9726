import type { Command } from 'commander';
import { Option } from 'commander';
import { SaltError } from '../../protocol/errors.ts';
import type { VerifiedFile, VerifyJob } from '../jobs/verify-job.ts';
import { consoleOf, deviceOf, withDevice, withOutput } from '../options.ts';
import type { CommonOptions, DeviceCliOptions } from '../options.ts';
import { EXIT } from '../exit-codes.ts';
import { runJob } from '../run-job.ts';
import { list } from '../table.ts';
import { tellEvent } from '../tell-event.ts';

interface VerifyOptions extends CommonOptions, DeviceCliOptions {
  readonly plan?: 'whole' | 'staged';
}

const EXAMPLES = `
Examples:
    ohif-salt verify test/reference/batch-2.safetensors test/reference/window-padding.safetensors
    ohif-salt verify reference.safetensors --device webgpu

A reference (format salt-reference/1) holds a model, a batch, and what another implementation computed from them. For
each group the worst relative error is printed. The exit code is 1 above 1e-4 for an output or a loss, or 1e-3 for a
gradient.
`;

export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .summary('compare what this machine computes with references made elsewhere')
    .description('Runs references made by another implementation and compares outputs, losses and gradients.')
    .argument('<references...>', 'safetensors files of the format salt-reference/1')
    .addOption(
      new Option('--plan <kind>', 'how gradients are computed (default: as training would)').choices([
        'whole',
        'staged',
      ]),
    );
  withDevice(command);
  withOutput(command).addHelpText('after', EXAMPLES).action(runVerify);
}

async function runVerify(files: readonly string[], options: VerifyOptions): Promise<void> {
  const console = consoleOf(options);
  const progress = console.progress();
  const { plan } = options;
  const { files: verified, problems } = await runJob<VerifyJob>({
    name: 'verify',
    request: { ...deviceOf(options), files, ...(plan && { plan }) },
    console,
    onEvent: (event) => tellEvent(event, console, progress),
  }).finally(() => progress.stop());
  const failed = verified.filter(({ verification }) => !verification.passed).map(({ file }) => file);
  const passed = failed.length === 0 && problems.length === 0;
  console.result(textOf(verified), { passed, files: verified, problems });
  if (failed.length > 0) {
    const reason = `What was computed here is not what ${failed.join(', ')} says.`;
    console.failure(new SaltError('VERIFICATION_FAILED', reason));
    process.exitCode = EXIT.failed;
  } else if (problems.length > 0) {
    console.tell(`${problems.length} file(s) could not be compared with; see above.`);
    process.exitCode = EXIT.data;
  }
}

function textOf(verified: readonly VerifiedFile[]): string {
  const rows = verified.flatMap(({ file, verification }) =>
    verification.groups
      .filter(({ comparisons }) => comparisons.length > 0)
      .map(({ group, limit, comparisons, passed }) => {
        const [worst] = comparisons;
        return [
          file,
          group,
          String(comparisons.length),
          worst?.error.toExponential(1) ?? '-',
          limit.toExponential(0),
          passed ? 'passed' : `FAILED (${worst?.tensor ?? ''})`,
        ];
      }),
  );
  return list([['reference', 'group', 'compared', 'worst error', 'limit', 'result'], ...rows]);
}
