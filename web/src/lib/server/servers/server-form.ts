import { hasKeysOfMembers } from '@patchbay/shared/engine/secrets/key-holder';
import { readFields, sentencesOf } from '@patchbay/shared/contract/schema/fields';
import { CredentialText } from '@patchbay/shared/contract/schema/functions';
import {
  CALL_TIMEOUT_RANGE_MS,
  McpServerInput,
  type McpServerRow,
} from '@patchbay/shared/contract/schema/server';
import type { z } from 'zod';
import { EMPTY_FORM, type ServerFormValues } from '../../servers/form/form-values.ts';
import { invalidFields, type Result } from '../result.ts';

// Fields that the form lacks keep their default or current value.
const ServerConfiguration = McpServerInput.omit({ slug: true, max_concurrency: true, metadata: true });
export type ServerConfiguration = z.infer<typeof ServerConfiguration>;

export type ParsedServerForm = Result<{ input: ServerConfiguration; credential: string | null }> & {
  values: ServerFormValues;
};

/** Parses the add and edit form. `values` never contains the credential, so no response does. */
export function parseServerForm(form: FormData): ParsedServerForm {
  const values = typedValues(form);
  const read = readFields(ServerConfiguration, {
    name: values.name,
    url: values.url,
    description: values.description,
    transport: values.transport,
    protocol_era: values.protocol_era,
    auth_method: values.auth_method,
    auth_header: values.auth_header.trim() || undefined,
    credential_scope: values.credential_scope,
    oauth_client_id: values.oauth_client_id.trim() || null,
    trusts_hints: values.trusts_hints,
    is_active: values.is_active,
    tags: splitTags(values.tags),
    call_timeout_ms: timeoutMs(values.timeout),
  });
  const typed = text(form, 'credential').trim();
  const credential = values.auth_method === 'none' || typed === '' ? null : CredentialText.safeParse(typed);
  if (read.ok && (credential === null || credential.success)) {
    return { ok: true, value: { input: read.value, credential: credential?.data ?? null }, values };
  }
  const errors = read.ok ? {} : namedAsInForm(sentencesOf(read.fieldErrors));
  if (credential && !credential.success)
    errors.credential = credential.error.issues.map((issue) => issue.message);
  return { ...invalidFields(errors), values };
}

function timeoutMs(seconds: string): number {
  return seconds.trim() === '' ? CALL_TIMEOUT_RANGE_MS.default : Math.round(Number(seconds) * 1000);
}

/** Splits typed tags at commas, without duplicates. */
export function splitTags(typed: string): string[] {
  return [
    ...new Set(
      typed
        .split(',')
        .map((tag) => tag.trim())
        .filter(Boolean),
    ),
  ];
}

/** Whether the typed connection differs from the stored one. */
export function connectionDiffers(input: ServerConfiguration, stored: McpServerRow): boolean {
  return (
    input.url !== stored.url ||
    input.transport !== stored.transport ||
    input.protocol_era !== stored.protocol_era ||
    input.auth_method !== stored.auth_method ||
    hasKeysOfMembers(input) !== hasKeysOfMembers(stored) ||
    (input.auth_method === 'api_key' && input.auth_header !== (stored.auth_header ?? 'X-API-Key'))
  );
}

function typedValues(form: FormData): ServerFormValues {
  return {
    name: text(form, 'name'),
    url: text(form, 'url'),
    description: text(form, 'description'),
    transport: text(form, 'transport') || EMPTY_FORM.transport,
    protocol_era: text(form, 'protocol_era') || EMPTY_FORM.protocol_era,
    auth_method: text(form, 'auth_method') || EMPTY_FORM.auth_method,
    auth_header: text(form, 'auth_header'),
    credential_scope: text(form, 'credential_scope') || EMPTY_FORM.credential_scope,
    oauth_client_id: text(form, 'oauth_client_id'),
    trusts_hints: form.has('trusts_hints'),
    tags: text(form, 'tags'),
    timeout: text(form, 'timeout'),
    is_active: form.has('is_active'),
  };
}

function text(form: FormData, field: string): string {
  const value = form.get(field);
  return typeof value === 'string' ? value : '';
}

function namedAsInForm(errors: Record<string, string[]>): Record<string, string[]> {
  const { call_timeout_ms: timeout, ...rest } = errors;
  if (!timeout) return rest;
  const { min, max } = CALL_TIMEOUT_RANGE_MS;
  return { ...rest, timeout: [`Enter ${min / 1000} to ${max / 1000} seconds.`] };
}
