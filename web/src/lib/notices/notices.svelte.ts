import type { WorkspaceLive } from '../live/workspace-live.svelte.ts';
import type { Notice } from '../server/notices.ts';
import { showToast } from '../ui/toasts.svelte.ts';
import { describeNotice } from './notice-labels.ts';

/** More new notices at once become a single toast with their number. */
const MAX_TOASTS = 3;
const DEBOUNCE_MS = 300;

/** The notices of the workspace. */
export class Notices {
  list = $state.raw<Notice[]>([]);
  unread = $derived(this.list.filter((notice) => !notice.is_read).length);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Older notices were seen or announced; null before the first load. */
  #announcedSince: string | null = null;

  /** Sets the list without announcing anything. */
  seed(list: Notice[]): void {
    this.list = list;
    this.#announcedSince = newest(list) ?? this.#announcedSince ?? '';
  }

  /** Reloads on every hint and announces new notices in toasts. @returns a function that stops it */
  follow(live: WorkspaceLive): () => void {
    const stop = live.listen((signal) => {
      if (signal.name === 'joined' || signal.name === 'notice.created')
        this.#timer ??= setTimeout(() => void this.#load(), DEBOUNCE_MS);
    });
    return () => {
      stop();
      clearTimeout(this.#timer);
    };
  }

  async #load(): Promise<void> {
    this.#timer = undefined;
    const response = await fetch('/api/notices', { headers: { accept: 'application/json' } }).catch(
      () => null,
    );
    // The next hint or rejoin reloads.
    if (!response?.ok) return;
    const list = (await response.json()) as Notice[]; // Our own endpoint.
    const since = this.#announcedSince;
    const added = list.filter((one) => since !== null && !one.is_read && one.created_at > since);
    this.seed(list);
    if (added.length > MAX_TOASTS)
      showToast(`${added.length} new notices about your servers`, { tone: 'warn' });
    else for (const notice of added.toReversed()) tell(notice);
  }
}

function tell(notice: Notice): void {
  const { title, tone } = describeNotice(notice);
  showToast(title, { tone: tone === 'wait' ? 'plain' : tone });
}

function newest(list: Notice[]): string | undefined {
  return list
    .map(({ created_at }) => created_at)
    .sort()
    .at(-1);
}
