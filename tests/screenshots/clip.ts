import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from '@playwright/test';
import { addDemoServer, newPerson } from '../support/person.ts';
import { demoServer } from '../support/running-stack.ts';
import { signIn } from '../support/browser/sign-in.ts';
import type { Stack } from '../../local/stack/stack-file.ts';

const SIZE = { width: 1120, height: 640 };
const FRAMES_PER_SECOND = 10;
const WAIT = { timeout: 60_000 };
const QUESTION = 'What time is it in Tokyo?';
const ANSWER = /It is \d+:\d+ [AP]M in Tokyo/i;

/** Screencasts leave out the mouse pointer. A modal dialog would cover one drawn outside of it. */
const POINTER = `
  addEventListener('mousemove', ({ clientX, clientY }) => {
    let pointer = document.querySelector('[data-pointer]');
    if (!pointer) {
      pointer = document.createElement('div');
      pointer.dataset.pointer = '';
      Object.assign(pointer.style, {
        position: 'fixed', zIndex: '9999', width: '18px', height: '18px', borderRadius: '50%',
        background: 'rgb(255 255 255 / 45%)', border: '2px solid white', pointerEvents: 'none',
        transform: 'translate(-50%, -50%)',
      });
    }
    const top = document.querySelector('dialog[open]') ?? document.body;
    if (pointer.parentElement !== top) top.append(pointer);
    pointer.style.left = clientX + 'px';
    pointer.style.top = clientY + 'px';
  });
`;

interface Frame {
  file: string;
  /** Seconds since the epoch. */
  at: number;
}

/**
 * Records a conversation that can't answer a question, gets a server plugged in, and answers it, as an animated WebP.
 * @throws Error if ffmpeg is missing or fails
 */
export async function recordClip(browser: Browser, stack: Stack, file: string): Promise<void> {
  const person = await newPerson('ada');
  await addDemoServer(person, 'notes');
  const page = await browser.newPage({ viewport: SIZE, colorScheme: 'dark', timezoneId: 'Europe/Rome' });
  page.setDefaultTimeout(WAIT.timeout);
  await page.addInitScript({ content: POINTER });
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-clip-'));
  try {
    await signIn(page, person);
    await page.goto(`${stack.web_url}/talk`);
    await page.getByRole('button', { name: 'Text only' }).click();
    const transcript = page.getByRole('log', { name: 'Transcript' });
    await transcript
      .getByText(/^Agent/)
      .first()
      .waitFor();
    const frames = await record(page, folder, () => plugIn(page, transcript));
    await encode(frames, folder, file);
  } finally {
    await page.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function plugIn(page: Page, transcript: Locator): Promise<void> {
  await page.waitForTimeout(1_500);
  await ask(page);
  await transcript
    .getByRole('paragraph')
    .filter({ hasText: /can't|cannot|not/i })
    .last()
    .waitFor();
  await page.waitForTimeout(2_500);

  await clickOn(page, page.getByRole('button', { name: 'Add server' }));
  const url = page.getByLabel('URL', { exact: true });
  await url.waitFor();
  await page.waitForTimeout(500);
  await clickOn(page, url);
  await url.pressSequentially(demoServer('clock').url, { delay: 25 });
  await clickOn(page, page.getByLabel('Name', { exact: true }));
  await page.getByLabel('Name', { exact: true }).fill('clock');
  await clickOn(page, page.getByRole('button', { name: 'Test connection' }));
  await page.getByRole('button', { name: 'Test again' }).waitFor();
  await page.waitForTimeout(1_500);
  await clickOn(page, page.getByRole('button', { name: 'Save', exact: true }));

  await transcript.getByText(/clock added/).waitFor();
  await page.waitForTimeout(1_500);
  await ask(page);
  await transcript.getByRole('paragraph').filter({ hasText: ANSWER }).waitFor();
  await page.waitForTimeout(3_500);
}

async function ask(page: Page): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Type a message' });
  await clickOn(page, field);
  await field.pressSequentially(QUESTION, { delay: 35 });
  await field.press('Enter');
}

async function clickOn(page: Page, target: Locator): Promise<void> {
  await target.scrollIntoViewIfNeeded();
  const box = await target.boundingBox();
  if (box) await page.mouse.move(box.x + Math.min(box.width / 2, 120), box.y + box.height / 2, { steps: 12 });
  await target.click();
}

/** A frame is sent only when something changes. */
async function record(page: Page, folder: string, act: () => Promise<void>): Promise<Frame[]> {
  const cdp = await page.context().newCDPSession(page);
  const frames: Frame[] = [];
  cdp.on('Page.screencastFrame', ({ data, metadata, sessionId }) => {
    const file = join(folder, `${frames.length}.png`);
    writeFileSync(file, Buffer.from(data, 'base64'));
    frames.push({ file, at: metadata.timestamp ?? Date.now() / 1_000 });
    void cdp.send('Page.screencastFrameAck', { sessionId });
  });
  await cdp.send('Page.startScreencast', { format: 'png', maxWidth: SIZE.width, maxHeight: SIZE.height });
  await act();
  await cdp.send('Page.stopScreencast');
  return frames;
}

async function encode(frames: Frame[], folder: string, file: string): Promise<void> {
  const list = join(folder, 'frames.txt');
  const lines = frames.flatMap(({ file, at }, index) => {
    const next = frames[index + 1]?.at ?? at + 1;
    return [`file '${file}'`, `duration ${(next - at).toFixed(3)}`];
  });
  writeFileSync(list, lines.join('\n'));
  const input = ['-f', 'concat', '-safe', '0', '-i', list, '-vf', `fps=${FRAMES_PER_SECOND}`];
  // Lossless is small enough for a flat interface and leaves no artifacts of earlier frames.
  const output = ['-c:v', 'libwebp_anim', '-lossless', '1', '-compression_level', '6', '-loop', '0'];
  await new Promise<void>((resolve, reject) => {
    const ffmpeg = spawn('ffmpeg', ['-loglevel', 'error', '-y', ...input, ...output, file], {
      stdio: 'inherit',
    });
    ffmpeg.once('error', (cause) => reject(new Error('The clip needs ffmpeg on the PATH.', { cause })));
    ffmpeg.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`ffmpeg ended with code ${code}`)),
    );
  });
}
