import { getContext, setContext } from 'svelte';
import type { Clock } from './live/clock.svelte.ts';
import type { WorkspaceLive } from './live/workspace-live.svelte.ts';
import type { Notices } from './notices/notices.svelte.ts';
import type { DelayedDeletes } from './servers/delayed-deletes.svelte.ts';
import type { Servers } from './servers/servers.svelte.ts';
import type { Conversation } from './conversation/conversation.svelte.ts';

/** State that lives as long as the app is open, whichever page is shown. */
export interface AppContext {
  live: WorkspaceLive;
  servers: Servers;
  deletes: DelayedDeletes;
  clock: Clock;
  notices: Notices;
  conversation: Conversation;
}

const KEY = Symbol('app');

export function provideApp(context: AppContext): void {
  setContext(KEY, context);
}

/** @throws outside the pages of a signed-in user */
export function useApp(): AppContext {
  const context = getContext<AppContext | undefined>(KEY);
  if (!context) throw new Error('useApp is for components under routes/(app)');
  return context;
}
