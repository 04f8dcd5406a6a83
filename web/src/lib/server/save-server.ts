import type { McpServerRow } from '@patchbay/shared/schema/server';
import type { ServerFormResult, TestOutcome } from '../servers/form-result.ts';
import { problemWords } from './database.ts';
import { discoverTools, storeCredential, testConnection, type Answer } from './edge-functions.ts';
import { connectionDiffers, parseServerForm, type ServerConfiguration } from './server-form.ts';
import { createServer, updateServer } from './servers.ts';
import type { SignedIn } from './session.ts';

/** How long saving waits for the tools; the discovery itself goes on after it. */
const DISCOVERY_PATIENCE_MS = 3000;

/**
 * Tests what was typed and stores nothing. A blank credential means the stored one, which only a test of
 * the unchanged server can use.
 */
export async function testTyped(
  who: SignedIn,
  form: FormData,
  stored: McpServerRow | null,
): Promise<ServerFormResult> {
  const parsed = parseServerForm(form);
  if (!parsed.ok) return { values: parsed.values, errors: parsed.errors };
  const { values, input, credential } = parsed;
  const asStored = stored !== null && credential === null && !connectionDiffers(input, stored);
  if (!asStored && input.auth_method !== 'none' && credential === null) {
    const why = stored?.has_credential
      ? 'Type it again for this test: the address or the authentication was changed.'
      : 'Enter the key or token.';
    return { values, errors: { credential: [why] } };
  }
  const { url, transport, auth_method, auth_header } = input;
  const answer = await testConnection(
    who,
    asStored ? { server_id: stored.id } : { url, transport, auth_method, auth_header, credential },
  );
  if (!answer.ok && answer.fieldErrors) return { values, errors: answer.fieldErrors };
  return { values, test: testOutcome(answer) };
}

/** Saves a new server (`stored` null) or a change, then its credential, then asks for its tools. */
export async function saveTyped(
  who: SignedIn,
  form: FormData,
  target: { workspaceId: string } | { stored: McpServerRow },
): Promise<ServerFormResult> {
  const parsed = parseServerForm(form);
  if (!parsed.ok) return { values: parsed.values, errors: parsed.errors };
  const { values, input, credential } = parsed;
  const stored = 'stored' in target ? target.stored : null;
  if (input.auth_method !== 'none' && credential === null && needsCredential(input, stored)) {
    return { values, errors: { credential: [missingCredentialWords(stored)] } };
  }

  // A new credential is in place before the server is switched on, so that no conversation connects without it.
  const activateLast = credential !== null && input.is_active && !stored?.is_active;
  const row = { ...input, is_active: activateLast ? false : input.is_active };
  const written =
    'stored' in target
      ? await updateServer(who, target.stored.id, row)
      : await createServer(who, target.workspaceId, row);
  if (!written.ok) return { values, message: problemWords(written.problem) };

  const { id, name } = written.value;
  if (credential !== null) {
    const answer = await storeCredential(who, { server_id: id, credential });
    if (!answer.ok) {
      return {
        values: { ...values, is_active: row.is_active },
        message: `The server is saved, but its credential could not be stored: ${answer.message}`,
        savedId: id,
      };
    }
  }
  if (activateLast) {
    const activated = await updateServer(who, id, { is_active: true });
    if (!activated.ok) {
      return {
        values,
        message: `Saved, but not switched on. ${problemWords(activated.problem)}`,
        savedId: id,
      };
    }
  }
  return { values, savedId: id, saved: { id, name, ...(await discovered(who, id, input.is_active)) } };
}

function needsCredential(input: ServerConfiguration, stored: McpServerRow | null): boolean {
  if (!stored?.has_credential) return true;
  // The database drops a credential when it would go to another server or in another way.
  return new URL(input.url).origin !== new URL(stored.url).origin || input.auth_method !== stored.auth_method;
}

function missingCredentialWords(stored: McpServerRow | null): string {
  return stored?.has_credential
    ? 'The address or the authentication is another one now: enter its key or token.'
    : 'Enter the key or token, or choose no authentication.';
}

async function discovered(
  who: SignedIn,
  serverId: string,
  isActive: boolean,
): Promise<{ tone: 'ok' | 'warn'; words: string }> {
  if (!isActive) return { tone: 'ok', words: 'It is switched off.' };
  const patience = new Promise<null>((resolve) => setTimeout(resolve, DISCOVERY_PATIENCE_MS, null));
  const answer = await Promise.race([discoverTools(who, { server_id: serverId }), patience]);
  if (answer === null)
    return { tone: 'warn', words: 'It has not answered yet; its state shows when it does.' };
  if (!answer.ok) return { tone: 'warn', words: answer.message };
  const { length } = answer.value.tools;
  return { tone: 'ok', words: `${length} ${length === 1 ? 'tool' : 'tools'} found.` };
}

function testOutcome(
  answer: Answer<Extract<Awaited<ReturnType<typeof testConnection>>, { ok: true }>['value']>,
): TestOutcome {
  if (!answer.ok) {
    return { ok: false, phase: null, message: answer.message, hint: answer.hint ?? '', phases: [] };
  }
  const result = answer.value;
  if (!result.ok) return result;
  return {
    ok: true,
    phases: result.phases,
    protocolVersion: result.protocol_version,
    serverName: typeof result.server_info?.name === 'string' ? result.server_info.name : null,
    tools: result.tools.map(({ name, title, description }) => ({ name, title, description })),
    skipped: result.skipped,
  };
}
