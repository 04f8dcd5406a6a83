import type { WorkspaceLive } from '../live/workspace-live.svelte.ts';
import type { Notice } from '../server/notices.ts';
import { showToast } from '../ui/toasts.svelte.ts';
import { noticeWords } from './notice-labels.ts';

/** More new ones at a time are told as a number. */
const MOST_TOASTS = 3;
const GATHER_MS = 300;

/** The notices of the workspace as the page knows them. */
export class Notices {
  list = $state.raw<Notice[]>([]);
  unread = $derived(this.list.filter((notice) => !notice.is_read).length);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What is older was seen or told; null before the first look. */
  #toldSince: string | null = null;

  /** Takes the list as the truth of now; what it holds is no news. */
  seed(list: Notice[]): void {
    this.list = list;
    this.#toldSince = newest(list) ?? this.#toldSince ?? '';
  }

  /** Looks again on every hint, and tells what is new in toasts. @returns how to stop following */
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
    // The next hint or rejoin looks again.
    if (!response?.ok) return;
    const list = (await response.json()) as Notice[]; // Checked against the schema by our endpoint.
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
