import type { WorkspaceLive } from '../live/workspace-live.svelte.ts';
import type { Notice } from '../server/notices.ts';
import { showToast } from '../ui/toasts.svelte.ts';
import { noticeWords } from './notice-labels.ts';

/** More new notices at once become a single toast with their number. */
const MOST_TOASTS = 3;
const GATHER_MS = 300;

/** The notices of the workspace. */
export class Notices {
  list = $state.raw<Notice[]>([]);
  unread = $derived(this.list.filter((notice) => !notice.is_read).length);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Older notices were seen or announced; null before the first load. */
  #toldSince: string | null = null;

  /** Sets the list without announcing anything. */
  seed(list: Notice[]): void {
    this.list = list;
    this.#toldSince = newest(list) ?? this.#toldSince ?? '';
  }

  /** Reloads on every hint and announces new notices in toasts. @returns a function that stops it */
  follow(live: WorkspaceLive): () => void {
    const stop = live.listen((signal) => {
      if (signal.name === 'joined' || signal.name === 'notice.created')
        this.#timer ??= setTimeout(() => void this.#look(), GATHER_MS);
    });
    return () => {
      stop();
      clearTimeout(this.#timer);
    };
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    const response = await fetch('/api/notices', { headers: { accept: 'application/json' } }).catch(
      () => null,
    );
    // The next hint or rejoin reloads.
    if (!response?.ok) return;
    const list = (await response.json()) as Notice[]; // Our own endpoint.
    const since = this.#toldSince;
    const news = list.filter((one) => since !== null && !one.is_read && one.created_at > since);
    this.seed(list);
    if (news.length > MOST_TOASTS)
      showToast(`${news.length} new notices about your servers`, { tone: 'warn' });
    else for (const notice of news.toReversed()) tell(notice);
  }
}

function tell(notice: Notice): void {
  const { title, tone } = noticeWords(notice);
  showToast(title, { tone: tone === 'wait' ? 'plain' : tone });
}

function newest(list: Notice[]): string | undefined {
  return list
    .map(({ created_at }) => created_at)
    .sort()
    .at(-1);
}
