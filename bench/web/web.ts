/** Measures the build that is deployed, on its own stack, in Chromium. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { browserOptions } from '../../tests/support/browser/browser.ts';
import { FIRST_LOAD_KIB, firstLoads, type FirstLoad } from '../../tests/support/browser/first-load.ts';
import { PAGES } from '../../tests/support/browser/pages.ts';
import { setScene } from '../../tests/support/browser/scene.ts';
import { signIn } from '../../tests/support/browser/sign-in.ts';
import { findFreeBlock } from '../../local/stack/ports.ts';
import type { Stack } from '../../local/stack/stack-file.ts';
import { findChromium } from '../../tests/run/chromium.ts';
import type { BenchContext } from '../bench.ts';
import { currentLoad, writeResult } from '../report.ts';
import { withStack } from '../stack.ts';
import { audit, type Audit } from './web-lighthouse.ts';
import { measureList, type ListFigures } from './web-list.ts';
import { measureStatus } from './web-status.ts';
import type { Summary } from '../statistics.ts';

const DEBUG_PORT = 9300;
const AUDITED = ['sign-in', 'servers', 'server', 'talk', 'history', 'workspace'];

interface WebResult {
  name: 'web';
  started_at: string;
  load: { before: number; after: number };
  firstLoad: FirstLoad[];
  statusToPixel: Summary;
  list: ListFigures;
  audits: Audit[];
}

/** @throws Error where there is no Chromium */
export async function run(context: BenchContext): Promise<void> {
  const executable = findChromium();
  if (executable === null) throw new Error('there is no Chromium: install it, or set PATCHBAY_CHROMIUM');
  process.env['PATCHBAY_CHROMIUM'] = executable;
  await withStack(context, (stack) => measure(stack, context));
}

async function measure(stack: Stack, { say }: BenchContext): Promise<void> {
  const startedAt = new Date();
  const before = currentLoad();
  const scene = await setScene('bench');
  // Lighthouse's own tabs share the profile, and with it the session.
  const profile = mkdtempSync(join(tmpdir(), 'patchbay-bench-'));
  const { base: port } = await findFreeBlock(DEBUG_PORT);
  const browser = await chromium.launchPersistentContext(
    profile,
    browserOptions([`--remote-debugging-port=${port}`]),
  );
  try {
    const audits: Audit[] = [];
    const auditPages = async (isPublic: boolean): Promise<void> => {
      const chosen = Object.values(PAGES).filter((one) => AUDITED.includes(one.name));
      for (const one of chosen.filter((page) => (page.isPublic ?? false) === isPublic)) {
        for (const form of ['desktop', 'mobile'] as const) {
          audits.push(await audit(one.name, stack.web_url + one.path(scene), form, port));
          say(`${one.name} on ${form} is audited`);
        }
      }
    };
    await auditPages(true);
    const page = await browser.newPage();
    await signIn(page, scene.person);
    const firstLoad = await firstLoads(scene, browser);
    say('JavaScript is weighed');
    const statusToPixel = await measureStatus(page, stack, scene);
    say('status changes are measured');
    await page.goto('about:blank');
    await auditPages(false);
    // Last, because it fills the list.
    const list = await measureList(page, stack, scene);
    const load = { before, after: currentLoad() };
    const result: WebResult = {
      name: 'web',
      started_at: startedAt.toISOString(),
      load,
      firstLoad,
      statusToPixel,
      list,
      audits,
    };
    say(toTable(result));
    say(`written to ${writeResult(result)}`);
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

function toTable({ firstLoad, statusToPixel, list, audits, load }: WebResult): string {
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  return [
    `load ${load.before} before and ${load.after} after`,
    `JavaScript at first load, gzipped (${FIRST_LOAD_KIB} KiB at most):`,
    ...firstLoad.map(({ page, gzipKib }) => `  ${page.padEnd(16)}${gzipKib.toFixed(1).padStart(8)} KiB`),
    `status in the database to pixel: median ${ms(statusToPixel.medianMs)}, p95 ${ms(statusToPixel.p95Ms)} (150 ms at most)`,
    `list of ${list.servers} servers: slowest interaction ${ms(list.slowestMs)} (100 ms at most), of ${list.interactions}`,
    'Lighthouse: performance, accessibility, best practices, SEO',
    ...audits.map(
      ({ page, form, scores }) =>
        `  ${`${page} ${form}`.padEnd(24)}${scores.map((s) => String(s).padStart(5)).join('')}`,
    ),
  ].join('\n');
}
