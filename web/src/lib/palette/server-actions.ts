import { deserialize } from '$app/forms';
import { goto } from '$app/navigation';
import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import type { ActionResult } from '@sveltejs/kit';
import { describeDiscovery, type Discovery } from '../servers/discovery-labels.ts';
import type { Servers } from '../servers/servers.svelte.ts';
import { beginSwitch, SWITCH_ACTION } from '../servers/switch-server.ts';
import { showToast } from '../ui/toasts.svelte.ts';
import type { ServerAction } from './entries.ts';

/** Runs an action on a server and shows the outcome in a toast. */
export async function doWithServer(
  action: ServerAction,
  server: McpServerRow,
  servers: Servers,
): Promise<void> {
  const { id, name } = server;
  if (action === 'test') return goto(`/servers/${id}/edit`, { state: { testAtOnce: true } });
  if (action === 'switch') {
    const end = beginSwitch(servers, server);
    end(await post(SWITCH_ACTION, { id, to: server.is_active ? 'off' : 'on' }));
    return;
  }
  showToast(`Reconnecting ${name}…`);
  const result = await post(`/servers/${id}?/discover`, {});
  servers.refresh([id]);
  // Our own action.
  const said = result.type === 'success' || result.type === 'failure' ? result.data : undefined;
  const found = said?.found as Discovery | undefined;
  if (found) showToast(`${name} connected. ${describeDiscovery(found)}`, { tone: 'ok' });
  else showToast(`${name}: ${String(said?.message ?? "Patchbay isn't responding.")}`, { tone: 'bad' });
}

async function post(path: string, fields: Record<string, string>): Promise<ActionResult> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  try {
    const response = await fetch(path, { method: 'POST', body, headers: { accept: 'application/json' } });
    return deserialize(await response.text());
  } catch (error) {
    return { type: 'error', error };
  }
}
