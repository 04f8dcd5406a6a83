/** Runs agent-worker/Dockerfile without Docker, each stage in its own folder. Steps for the base system are left out. */
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, relative, resolve } from 'node:path';
import { findNpm } from '../../local/stack/npm.ts';
import { runTool } from '../../local/processes/tool.ts';
import { ignoredBy, parseCopy, parseDockerfile, parseEnv, type Stage } from './dockerfile.ts';

const ROOT = join(import.meta.dirname, '../..');
const OF_THE_SYSTEM = /^(apt-get|rm -rf \/var\/)/;

export interface Image {
  /** Stands for `/` of the image. */
  root: string;
  workdir: string;
  env: Record<string, string>;
  user: string;
  command: string[];
  left: string[];
  remove(): Promise<void>;
}

/** The environment that the image gives its processes. */
export async function readImageEnvironment(): Promise<Record<string, string>> {
  const stages = parseDockerfile(await readFile(join(ROOT, 'agent-worker/Dockerfile'), 'utf8'));
  const settings = stages.at(-1)?.instructions.filter(({ word }) => word === 'ENV') ?? [];
  return Object.fromEntries(settings.map(({ text }) => parseEnv(text)));
}

/** @throws Error with what a step said when it failed; nothing is left behind then */
export async function makeImage(signal: AbortSignal): Promise<Image> {
  const stages = parseDockerfile(await readFile(join(ROOT, 'agent-worker/Dockerfile'), 'utf8'));
  const isIgnored = ignoredBy(await readFile(join(ROOT, '.dockerignore'), 'utf8'));
  const folder = await mkdtemp(join(tmpdir(), 'patchbay-image-'));
  // The image's user must be able to enter.
  await chmod(folder, 0o755);
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const left: string[] = [];
  try {
    let made: Omit<Image, 'left' | 'remove'> | undefined;
    for (const stage of stages) made = await makeStage(stage, folder, isIgnored, left, signal);
    if (!made) throw new Error('The Dockerfile has no stage.');
    return { ...made, left, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function makeStage(
  { name, instructions }: Stage,
  folder: string,
  isIgnored: (path: string) => boolean,
  left: string[],
  signal: AbortSignal,
): Promise<Omit<Image, 'left' | 'remove'>> {
  const root = join(folder, name || 'image');
  const made = {
    root,
    workdir: root,
    env: {} as Record<string, string>,
    user: 'root',
    command: [] as string[],
  };
  for (const { word, text } of instructions) {
    if (word === 'WORKDIR') await mkdir((made.workdir = join(root, text)), { recursive: true });
    else if (word === 'ENV') Object.assign(made.env, Object.fromEntries([parseEnv(text)]));
    else if (word === 'USER') made.user = text;
    else if (word === 'CMD') made.command = JSON.parse(text) as string[];
    else if (word === 'COPY') await copy(text, made.workdir, folder, isIgnored);
    else if (word === 'RUN' && OF_THE_SYSTEM.test(text)) left.push(text);
    else if (word === 'RUN') await run(text, made.workdir, made.env, signal);
    else throw new Error(`Nothing is known of ${word} in a Dockerfile.`);
  }
  return made;
}

async function copy(
  text: string,
  workdir: string,
  folder: string,
  isIgnored: (path: string) => boolean,
): Promise<void> {
  const { from, sources, target } = parseCopy(text);
  for (const source of sources) {
    const path = from ? join(folder, from, source) : join(ROOT, source);
    const isFolder = (await stat(path)).isDirectory();
    const place = resolve(workdir, target, target.endsWith('/') && !isFolder ? basename(source) : '.');
    await mkdir(dirname(place), { recursive: true });
    if (from) await rename(path, place);
    else await cp(path, place, { recursive: true, filter: (file) => !isIgnored(relative(ROOT, file)) });
  }
}

async function run(
  text: string,
  workdir: string,
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const bin = join(workdir, '../bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'npm'), `#!/bin/sh\nexec '${process.execPath}' '${findNpm()}' "$@"\n`, {
    mode: 0o755,
  });
  const path = [bin, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  // Packages that `npm start` has downloaded needn't be downloaded again.
  const given = { PATH: path, HOME: process.env['HOME'], npm_config_prefer_offline: 'true', ...env };
  const { code, output } = await runTool({
    command: 'sh',
    args: ['-c', text],
    cwd: workdir,
    env: given,
    signal,
  });
  if (code !== 0) throw new Error(`RUN ${text} ended with ${code}:\n${output}`);
}
