import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import type { ActionResult } from '@sveltejs/kit';
import { showToast } from '../ui/toasts.svelte.ts';
import type { Servers } from './servers.svelte.ts';

/** The form action that switches a server on or off; takes `id` and `to`. */
export const SWITCH_ACTION = '/servers?/activate';

/**
 * Switches a server optimistically.
 * @returns a handler for the action's result, which has the last word
 */
export function beginSwitch(servers: Servers, server: McpServerRow): (result: ActionResult) => void {
  const { id, name, is_active: before } = server;
  servers.patch(id, { is_active: !before });
  return (result) => {
    if (result.type === 'success' && result.data?.server) {
      servers.put(result.data.server as McpServerRow); // Our own action.
      return;
    }
    servers.patch(id, { is_active: before });
    const why = result.type === 'failure' ? String(result.data?.message ?? '') : 'Try again in a moment.';
    showToast(`Couldn't ${before ? 'disable' : 'enable'} ${name}. ${why}`, { tone: 'bad' });
  };
}
