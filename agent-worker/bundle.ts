/**
 * `node agent-worker/bundle.ts FOLDER`: compiles the worker and the monitor to plain JavaScript in a folder that needs
 * nothing beside it but Node. One module graph instead of 2,100 files, without the parts of packages that nothing here
 * uses, takes half the memory of running from source (docs/scale.md).
 */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const MODULES = join(ROOT, 'node_modules');

/** The programs in the folder. The framework starts its job process from the last one, next to its own code. */
export const PROGRAMS = {
  main: 'agent-worker/src/main.ts',
  monitor: 'agent-worker/src/monitor/main.ts',
  agent: 'agent-worker/src/agent.ts',
  job_proc_lazy_main: 'node_modules/@livekit/agents/dist/ipc/job_proc_lazy_main.js',
};

const absent = (what: string): string => `() => { throw new Error('${what} is not part of this build') }`;
/** Packages that the framework imports for what no conversation here does, and what takes their place. */
const REPLACED: Record<string, string> = {
  // Sound files and recordings.
  '@livekit/av': `export const getFfmpegPath = () => 'ffmpeg'`,
  'fluent-ffmpeg': `export default Object.assign(${absent('ffmpeg')}, { setFfmpegPath() {} })`,
  // Images in the conversation.
  sharp: `export default ${absent('sharp')}`,
  // Uploads to LiveKit Cloud.
  'form-data': `export default class { constructor() { (${absent('form-data')})() } }`,
  // Logs for a terminal.
  'pino-pretty': `export const build = ${absent('pino-pretty')}`,
};

const replaceUnused: Plugin = {
  name: 'replace unused packages',
  setup(bundler) {
    const names = new RegExp(`^(?:${Object.keys(REPLACED).join('|')})$`);
    bundler.onResolve({ filter: names }, ({ path }) => ({ path, namespace: 'replaced' }));
    bundler.onLoad({ filter: /.*/, namespace: 'replaced' }, ({ path }) => ({
      contents: REPLACED[path] ?? '',
    }));
    // zod's namespace exports the messages of fifty languages.
    bundler.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: `export { default as en } from './en.js'`,
      resolveDir: join(MODULES, 'zod/v4/locales'),
    }));
  },
};

/** Packages whose files do nothing when they are imported, though their package.json does not say so. */
const WITHOUT_SIDE_EFFECTS =
  /[\\/]node_modules[\\/](?:@livekit[\\/](?:agents|agents-plugin-openai|protocol|rtc-node)|@opentelemetry[\\/][^\\/]+|commander|jsonrepair|livekit-server-sdk|ofetch|openai|zod-to-json-schema)[\\/]/;

const shakeTrees: Plugin = {
  name: 'leave out unused files',
  setup(bundler) {
    bundler.onResolve({ filter: /.*/ }, async ({ path, kind, pluginData, ...from }) => {
      if (kind === 'entry-point' || pluginData === 'asked') return null;
      const found = await bundler.resolve(path, { kind, ...from, pluginData: 'asked' });
      const isUnmarked = found.errors.length === 0 && WITHOUT_SIDE_EFFECTS.test(found.path);
      return isUnmarked ? { path: found.path, sideEffects: false } : null;
    });
  },
};

/** Maps a file of a package as a whole: Node keeps every source map in memory, 55 MB with all positions. */
const WHOLE_FILE = Buffer.from('{"version":3,"sources":[""],"mappings":"AAAA"}').toString('base64');

const readPackages: Plugin = {
  name: 'read files of packages',
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '');
      // In fast-redact. esbuild escapes such text, but not in regular expressions.
      const ascii = source.replaceAll('/〇/', '/\\u3007/');
      const map = `//# sourceMappingURL=data:application/json;base64,${WHOLE_FILE}`;
      return { contents: `${ascii}\n${map}`, loader: 'js' };
    });
  },
};

/** What modules in CommonJS find around them. */
const BANNER = `import { createRequire as nodeRequire } from 'node:module';
const require = nodeRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;`;

/** Writes the programs into a folder, which is emptied first. @throws what esbuild throws for code it can't compile */
export async function bundleWorker(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  await build({
    absWorkingDir: ROOT,
    entryPoints: PROGRAMS,
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    external: ['@livekit/rtc-ffi-bindings-*', '@livekit/local-inference', 'bufferutil', 'utf-8-validate'],
    banner: { js: BANNER },
    plugins: [replaceUnused, shakeTrees, readPackages],
    // Node keeps the source in memory. Names stay: they are in logs and stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    // A crash prints its line.
    lineLimit: 400,
    sourcemap: true,
    sourcesContent: false,
    // Beside the code: one character beyond ASCII, as in an author's name, doubles what a file takes in memory.
    legalComments: 'linked',
    logLevel: 'warning',
  });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  copyBinding(folder);
}

/** The native part of LiveKit, for the platforms that npm installed it for. */
function copyBinding(folder: string): void {
  const file = join(MODULES, '@livekit/rtc-ffi-bindings/package.json');
  const { optionalDependencies } = JSON.parse(readFileSync(file, 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  for (const name of Object.keys(optionalDependencies)) {
    const source = join(MODULES, name);
    if (existsSync(source)) cpSync(source, join(folder, 'node_modules', name), { recursive: true });
  }
}

if (import.meta.main) await bundleWorker(resolve(process.argv[2] ?? 'dist'));
