import { watchForSleep } from '@patchbay/shared/contract/sleep-watch';

/** A visible page ticks every second; a hidden one may tick once a minute without any sleep. */
const SLEPT_MS = 15_000;
/** After this long hidden, connections may be dead without a sign. */
const HIDDEN_MS = 60_000;

interface PageListener {
  /** Connections may be dead: the machine slept, or the page was hidden for long. */
  onWake: () => void;
  /** The page is visible again after a short while. */
  onSeen: () => void;
  onOnline: () => void;
}

/** @returns a function that stops listening */
export function watchPage({ onWake, onSeen, onOnline }: PageListener): () => void {
  const isVisible = () => document.visibilityState === 'visible';
  const watchIfVisible = () => (isVisible() ? watchForSleep(onWake, SLEPT_MS) : () => {});
  let hiddenAt = isVisible() ? null : Date.now();
  let stopWatching = watchIfVisible();
  const change = () => {
    stopWatching();
    stopWatching = watchIfVisible();
    if (!isVisible()) return void (hiddenAt ??= Date.now());
    const hiddenMs = hiddenAt === null ? 0 : Date.now() - hiddenAt;
    hiddenAt = null;
    if (hiddenMs > HIDDEN_MS) onWake();
    else onSeen();
  };
  document.addEventListener('visibilitychange', change);
  window.addEventListener('online', onOnline);
  return () => {
    stopWatching();
    document.removeEventListener('visibilitychange', change);
    window.removeEventListener('online', onOnline);
  };
}
