import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from '@playwright/test';
import { runTool } from '../../local/processes/tool.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];
const ENVIRONMENT = [
  'PATCHBAY_CHROMIUM',
  'PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH',
  'PUPPETEER_EXECUTABLE_PATH',
  'CHROME_PATH',
];
const APPLICATIONS = ['/usr/bin/chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/** @returns the path of a Chromium on this machine, or null */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const candidates = [
    ...ENVIRONMENT.map((name) => env[name] ?? ''),
    ...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...APPLICATIONS,
    // Where `npx playwright install chromium` puts it.
    chromium.executablePath(),
  ];
  return candidates.find((file) => file !== '' && isExecutable(file)) ?? null;
}

/** Installs Chromium if that needs no confirmation: as root on Debian. @returns its path, or null */
export async function installChromium(say: (text: string) => void): Promise<string | null> {
  if (process.getuid?.() !== 0 || !isDebian()) {
    say('no Chromium: install it, or run `npx playwright install chromium`');
    return null;
  }
  const startedAt = Date.now();
  say('installing Chromium (apt-get install chromium)');
  const timer = setInterval(
    () => say(`installing Chromium … ${Math.round((Date.now() - startedAt) / 1000)} s`),
    15_000,
  );
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    for (const args of [
      ['update', '-q'],
      ['install', '-y', '-q', '--no-install-recommends', 'chromium'],
    ]) {
      const { code, output } = await runTool({ command: 'apt-get', args, env });
      if (code === 0) continue;
      say(`apt-get ${args[0]} failed:\n${output.split('\n').slice(-8).join('\n')}`);
      return null;
    }
  } finally {
    clearInterval(timer);
  }
  return findChromium();
}

function isDebian(): boolean {
  return (
    existsSync('/usr/bin/apt-get') && /^ID(_LIKE)?=.*debian/m.test(readFileSync('/etc/os-release', 'utf8'))
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
