import { error, fail } from '@sveltejs/kit';
import { problemWords } from '$lib/server/database.ts';
import { discoverTools } from '$lib/server/edge-functions.ts';
import { readServer } from '$lib/server/servers.ts';
import { signedIn } from '$lib/server/session.ts';
import { listCalls, listChecks, listTools, switchTool } from '$lib/server/tools.ts';
import type { Actions, PageServerLoad } from './$types';

const SHOWN_CHECKS = 30;
const SHOWN_CALLS = 20;

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { id } = event.params;
  event.depends(`patchbay:server:${id}`);
  const [server, tools, checks, calls] = await Promise.all([
    readServer(who, id),
    listTools(who, id),
    listChecks(who, id, SHOWN_CHECKS),
    listCalls(who, id, SHOWN_CALLS),
  ]);
  if (!server) error(404, { message: 'This server is not there.', hint: 'It may have been deleted.' });
  return { server, tools, checks, calls };
};

export const actions: Actions = {
  /** Connects anew and reads the tools. */
  discover: async (event) => {
    const answer = await discoverTools(signedIn(event), { server_id: event.params.id });
    if (!answer.ok) return fail(answer.status, { message: answer.message, hint: answer.hint ?? '' });
    const { added, changed, removed, tools } = answer.value;
    return { found: { added, changed, removed, count: tools.length } };
  },

  tool: async (event) => {
    const who = signedIn(event);
    const form = await event.request.formData();
    const problem = await switchTool(who, event.params.id, String(form.get('name')), form.get('to') === 'on');
    if (problem) return fail(409, { message: problemWords(problem), hint: '' });
  },
};
