import type { TestConnectionBody } from '@patchbay/shared/contract/schema/functions';
import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { z } from 'zod';
import { noTest, testOutcome, type ServerFormResult } from '../../servers/form/form-result.ts';
import {
  dropsCredential,
  formBase,
  formValuesOf,
  type ServerFormValues,
} from '../../servers/form/form-values.ts';
import { formatCount } from '../../ui/format-count.ts';
import { mergeEdits } from '../../servers/form/merge.ts';
import { CHANGED } from '../database.ts';
import { discoverTools, storeCredential, testConnection } from '../edge-functions.ts';
import { connectionDiffers, parseServerForm, type ServerConfiguration } from './server-form.ts';
import { failureText, invalidFields, type Result } from '../result.ts';
import { createServer, readServer, updateServer } from './servers.ts';
import type { SignedIn } from '../auth/session.ts';

/** How long saving waits for discovery, which continues afterwards. */
const DISCOVERY_TIMEOUT_MS = 3000;

/** Methods that need a typed key or token; signing in comes after saving. */
const TYPED: ReadonlySet<string> = new Set(['api_key', 'bearer_token']);

/** The request that tests the typed form, or why the form can't be tested. */
export function planTest(
  form: FormData,
  stored: McpServerRow | null,
): Result<TestConnectionBody> & { values: ServerFormValues } {
  const parsed = parseServerForm(withName(form));
  const values = { ...parsed.values, name: textOf(form, 'name') };
  if (!parsed.ok) return { ...parsed, values };
  const { input, credential } = parsed.value;
  // A blank credential means the stored one, which only a test of the stored server can use.
  const asStored = stored !== null && credential === null && !connectionDiffers(input, stored);
  if (!asStored && TYPED.has(input.auth_method) && credential === null) {
    const why = stored?.has_credential
      ? 'The URL, authentication or key owner changed. Enter the key or token again to test.'
      : 'Enter the key or token.';
    return { ...invalidFields({ credential: [why] }), values };
  }
  const { url, transport, protocol_era, auth_method, auth_header } = input;
  const body = asStored
    ? { server_id: stored.id }
    : { url, transport, protocol_era, auth_method, auth_header, credential };
  return { ok: true, value: body, values };
}

/** A test needs no name: the server may report one. */
function withName(form: FormData): FormData {
  if (textOf(form, 'name').trim() !== '') return form;
  const named = new FormData();
  for (const [field, value] of form) named.append(field, value);
  named.set('name', 'Untitled');
  return named;
}

function textOf(form: FormData, field: string): string {
  const value = form.get(field);
  return typeof value === 'string' ? value : '';
}

/** Tests the typed form without storing anything. */
export async function testTyped(
  who: SignedIn,
  form: FormData,
  stored: McpServerRow | null,
): Promise<ServerFormResult> {
  const plan = planTest(form, stored);
  const { values } = plan;
  if (!plan.ok) return { values, errors: plan.fieldErrors };
  const answer = await testConnection(who, plan.value);
  if (!answer.ok && answer.fieldErrors) return { values, errors: answer.fieldErrors };
  return { values, test: answer.ok ? testOutcome(answer.value) : noTest(answer.message, answer.hint) };
}

const FormBase = z.object({
  updated_at: z.string(),
  values: z.custom<ServerFormValues>((one) => typeof one === 'object' && one !== null),
});

/** What someone else saved since the form was opened; null if nothing that the form shows. */
function mergeOf(form: FormData, mine: ServerFormValues, stored: McpServerRow): ServerFormResult | null {
  const base = FormBase.safeParse(parseJson(form.get('base')));
  if (!base.success || base.data.updated_at === stored.updated_at) return null;
  const theirs = formValuesOf(stored);
  const { values, taken, clashes } = mergeEdits(base.data.values, mine, theirs);
  if (taken.length + clashes.length === 0) return null;
  return { values, merge: { taken, clashes, base: formBase(stored) } };
}

function parseJson(text: FormDataEntryValue | null): unknown {
  try {
    return JSON.parse(typeof text === 'string' ? text : '');
  } catch {
    return null;
  }
}

/** Saves a new or changed server, then its credential, then discovers its tools. */
export async function saveTyped(
  who: SignedIn,
  form: FormData,
  target: { workspaceId: string } | { stored: McpServerRow },
): Promise<ServerFormResult> {
  const parsed = parseServerForm(form);
  const { values } = parsed;
  if (!parsed.ok) return { values, errors: parsed.fieldErrors };
  const { input, credential } = parsed.value;
  const stored = 'stored' in target ? target.stored : null;
  const merge = stored && mergeOf(form, values, stored);
  if (merge) return merge;
  if (TYPED.has(input.auth_method) && credential === null && needsCredential(input, stored)) {
    return { values, errors: { credential: [missingCredentialMessage(stored)] } };
  }

  // Store a new credential before switching the server on, so no conversation connects without it.
  const activateLast = credential !== null && input.is_active && !stored?.is_active;
  const row = { ...input, is_active: activateLast ? false : input.is_active };
  const written =
    'stored' in target
      ? await updateServer(who, target.stored.id, row, target.stored.updated_at)
      : await createServer(who, target.workspaceId, row);
  if (written === CHANGED && stored) {
    const fresh = await readServer(who, stored.id);
    if (fresh) return saveTyped(who, form, { stored: fresh });
  }
  if (!written.ok) return { values, message: failureText(written) };

  const { id, name, url, auth_method } = written.value;
  if (credential !== null) {
    const answer = await storeCredential(who, { server_id: id, credential, url, auth_method });
    if (!answer.ok) {
      return {
        values: { ...values, is_active: row.is_active },
        message: `The server was saved, but its credential wasn't: ${answer.message}`,
        savedId: id,
      };
    }
  }
  const { credential_held_since: heldSince } = written.value;
  if (credential === null && heldSince !== null && form.get('confirms_address') === 'yes') {
    const answer = await storeCredential(who, { server_id: id, confirmed_url: url });
    if (!answer.ok)
      return {
        values,
        message: `The server was saved, but its URL wasn't confirmed: ${answer.message}`,
        savedId: id,
      };
  }
  if (activateLast) {
    const activated = await updateServer(who, id, { is_active: true });
    if (!activated.ok) {
      return {
        values,
        message: `The server was saved, but not enabled. ${failureText(activated)}`,
        savedId: id,
      };
    }
  }
  const found = await discovered(who, id, input.is_active);
  const needsSignIn =
    auth_method === 'oauth' && (await readServer(who, id))?.connection_status === 'needs_auth';
  return { values, savedId: id, saved: { id, name, ...found, needsSignIn } };
}

function needsCredential(input: ServerConfiguration, stored: McpServerRow | null): boolean {
  // The editor need not be a user of the server.
  if (input.credential_scope === 'member') return false;
  return !stored?.has_credential || dropsCredential(stored, input);
}

function missingCredentialMessage(stored: McpServerRow | null): string {
  return stored?.has_credential
    ? 'The URL, authentication or key owner changed. Enter the key or token.'
    : 'Enter the key or token, or set the authentication to None.';
}

async function discovered(
  who: SignedIn,
  serverId: string,
  isActive: boolean,
): Promise<{ tone: 'ok' | 'warn'; words: string }> {
  if (!isActive) return { tone: 'ok', words: "It's disabled." };
  const patience = new Promise<null>((resolve) => setTimeout(resolve, DISCOVERY_TIMEOUT_MS, null));
  const answer = await Promise.race([discoverTools(who, { server_id: serverId }), patience]);
  if (answer === null)
    return { tone: 'warn', words: "It hasn't responded yet. Its status updates when it does." };
  if (!answer.ok) return { tone: 'warn', words: answer.message };
  const { length } = answer.value.tools;
  return { tone: 'ok', words: `${formatCount(length, 'tool')} found.` };
}
