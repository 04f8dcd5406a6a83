import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchPage } from './page-wake.ts';

const MINUTE_MS = 60_000;
const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
const listener = { onWake: vi.fn(), onSeen: vi.fn(), onOnline: vi.fn() };
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  page.visibilityState = 'visible';
  vi.stubGlobal('document', page);
  vi.stubGlobal('window', new EventTarget());
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function show(state: 'visible' | 'hidden'): void {
  page.visibilityState = state;
  page.dispatchEvent(new Event('visibilitychange'));
}
const sleep = (ms: number): void => {
  vi.setSystemTime(Date.now() + ms);
  vi.advanceTimersByTime(1_000);
};

it('a page notices that the machine slept while it was visible', () => {
  stop = watchPage(listener);
  vi.advanceTimersByTime(5 * MINUTE_MS);
  expect(listener.onWake).not.toHaveBeenCalled();
  sleep(60 * MINUTE_MS);
  expect(listener.onWake).toHaveBeenCalledOnce();
});

it('a page wakes after being hidden for long, but not for a moment', () => {
  stop = watchPage(listener);
  show('hidden');
  vi.advanceTimersByTime(10_000);
  show('visible');
  expect(listener.onSeen).toHaveBeenCalledOnce();
  show('hidden');
  vi.advanceTimersByTime(10 * MINUTE_MS);
  show('visible');
  expect(listener.onSeen).toHaveBeenCalledOnce();
  expect(listener.onWake).toHaveBeenCalledOnce();
});

it('late timers of a hidden page are not taken for sleep', () => {
  page.visibilityState = 'hidden';
  stop = watchPage(listener);
  sleep(30_000);
  show('visible');
  show('hidden');
  sleep(30_000);
  expect(listener.onWake).not.toHaveBeenCalled();
});

it('a restored network is reported until the listener stops', () => {
  stop = watchPage(listener);
  window.dispatchEvent(new Event('online'));
  expect(listener.onOnline).toHaveBeenCalledOnce();
  stop();
  window.dispatchEvent(new Event('online'));
  show('hidden');
  show('visible');
  sleep(60 * MINUTE_MS);
  expect(listener.onOnline).toHaveBeenCalledOnce();
  expect(listener.onSeen).not.toHaveBeenCalled();
  expect(listener.onWake).not.toHaveBeenCalled();
});
