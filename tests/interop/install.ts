import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findNpm } from '../../local/stack/npm.ts';
import { runTool } from '../../local/processes/tool.ts';
import { findChromium } from '../run/chromium.ts';
import type { RegistryServer } from './registry-server.ts';

export type Installable = Pick<
  RegistryServer,
  'with' | 'name' | 'from' | 'package' | 'version' | 'program' | 'isQuick'
>;

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, '.local/interop');
/** Exact versions of all dependencies of the Python servers of `npm test`. */
const CONSTRAINTS = join(import.meta.dirname, 'constraints.txt');
const INSTALL_MS = 10 * 60_000;

/** Why a server cannot run on this machine, or null. */
export function whatIsMissing({ from, needsChromium }: RegistryServer): string | null {
  if (needsChromium && findChromium() === null) return 'needs Chromium';
  if (from === 'npm') return null;
  const [needed, command, args] =
    from === 'Go'
      ? (['Go', 'go', ['version']] as const)
      : (['Python 3.10 or later, with venv', 'python3', ['-c', PYTHON_CHECK]] as const);
  const { status } = spawnSync(command, args, { stdio: 'ignore' });
  return status === 0 ? null : `needs ${needed}`;
}

const PYTHON_CHECK = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';

/**
 * Installs a server unless this version of it is there already.
 * @returns the path of its program
 * @throws Error with the last words of the installer
 */
export async function install(server: Installable, signal?: AbortSignal): Promise<string> {
  if (server.from === 'npm' && server.isQuick) return join(ROOT, 'node_modules/.bin', server.program);
  const folder = join(FOLDER, server.from.toLowerCase(), server.name.replaceAll(/\W+/g, '-'));
  const { program, steps } = planOf(server, folder);
  const stamp = join(folder, 'installed.txt');
  const packages = [`${server.package}@${server.version}`, ...(server.with ?? [])];
  const wanted = `${packages.join(' ')} ${process.platform}-${process.arch}\n`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return program;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { command, args, env } of steps) {
    const { code, output } = await runTool({
      command,
      args,
      cwd: folder,
      env: { ...process.env, ...env },
      signal: AbortSignal.any([AbortSignal.timeout(INSTALL_MS), ...(signal ? [signal] : [])]),
    });
    if (code !== 0)
      throw new Error(
        `${server.package} could not be installed:\n${output.split('\n').slice(-15).join('\n')}`,
      );
  }
  if (!existsSync(program)) throw new Error(`${server.package} has no program ${server.program}`);
  writeFileSync(stamp, wanted);
  return program;
}

interface Step {
  command: string;
  args: string[];
  env?: Record<string, string>;
}

function planOf(server: Installable, folder: string): { program: string; steps: Step[] } {
  switch (server.from) {
    case 'npm':
      return {
        program: join(folder, 'node_modules/.bin', server.program),
        steps: [
          {
            command: process.execPath,
            args: [
              findNpm(),
              'install',
              ...['--prefix', folder, '--no-audit', '--no-fund', '--no-save', '--no-package-lock'],
              // Third-party install scripts don't run; packages that need a build step are marked in the table.
              '--ignore-scripts',
              `${server.package}@${server.version}`,
            ],
          },
        ],
      };
    case 'PyPI':
      return {
        program: join(folder, 'bin', server.program),
        steps: [
          { command: 'python3', args: ['-m', 'venv', folder] },
          {
            command: join(folder, 'bin/pip'),
            args: [
              ...['install', '--quiet', '--disable-pip-version-check'],
              ...(server.isQuick ? ['--constraint', CONSTRAINTS] : []),
              `${server.package}==${server.version}`,
              ...(server.with ?? []),
            ],
          },
        ],
      };
    case 'Go':
      return {
        program: join(folder, server.program),
        steps: [
          {
            command: 'go',
            args: ['install', `${server.package}@${server.version}`],
            env: { GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '-ldflags=-s' },
          },
        ],
      };
  }
}
