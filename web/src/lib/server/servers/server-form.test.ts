import { describe, expect, it } from 'vitest';
import { connectionDiffers, parseServerForm, splitTags } from './server-form.ts';

function form(fields: Record<string, string>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries({ name: 'clock', url: 'https://example.com/mcp', ...fields })) {
    data.set(name, value);
  }
  return data;
}

describe('parseServerForm', () => {
  it('fills in defaults', () => {
    const parsed = parseServerForm(form({}));
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        credential: null,
        input: {
          transport: 'auto',
          auth_method: 'none',
          call_timeout_ms: 30_000,
          is_active: false,
          tags: [],
        },
      },
    });
  });

  it('leaves fields that are not in the form to the database', () => {
    const parsed = parseServerForm(form({}));
    expect(parsed.ok && Object.keys(parsed.value.input)).not.toContain('metadata');
  });

  it('keeps the input of an invalid form, except the credential', () => {
    const parsed = parseServerForm(
      form({ url: 'nonsense', tags: 'a, b', auth_method: 'bearer_token', credential: 'top-secret' }),
    );
    expect(parsed.ok).toBe(false);
    expect(parsed.values).toMatchObject({ url: 'nonsense', tags: 'a, b', auth_method: 'bearer_token' });
    expect(JSON.stringify(parsed)).not.toContain('top-secret');
    expect(!parsed.ok && parsed.fieldErrors?.url).toBeDefined();
  });

  it('reports an invalid credential and an invalid field together', () => {
    const parsed = parseServerForm(form({ name: ' ', auth_method: 'api_key', credential: 'två\nrader' }));
    expect(!parsed.ok && Object.keys(parsed.fieldErrors ?? {}).sort()).toEqual(['credential', 'name']);
  });

  it.each(['0.5', '301', 'soon'])('rejects a timeout of %s seconds at its field', (timeout) => {
    const parsed = parseServerForm(form({ timeout }));
    expect(!parsed.ok && Object.keys(parsed.fieldErrors ?? {})).toEqual(['timeout']);
  });

  it('drops a credential when the server needs none', () => {
    expect(parseServerForm(form({ auth_method: 'none', credential: 'left over' }))).toMatchObject({
      ok: true,
      value: { credential: null },
    });
  });
});

describe('splitTags', () => {
  it('splits at commas, trims, and removes duplicates', () => {
    expect(splitTags(' work, local,,work ')).toEqual(['work', 'local']);
  });
});

describe('connectionDiffers', () => {
  const stored = {
    url: 'https://example.com/mcp',
    transport: 'auto',
    protocol_era: 'auto',
    auth_method: 'none',
    auth_header: 'X-API-Key',
  } as Parameters<typeof connectionDiffers>[1];

  it('ignores a new name or tag', () => {
    const parsed = parseServerForm(form({ name: 'other', tags: 'x' }));
    expect(parsed.ok && connectionDiffers(parsed.value.input, stored)).toBe(false);
  });

  it('notices another protocol', () => {
    const parsed = parseServerForm(form({ protocol_era: 'stateless' }));
    expect(parsed).toMatchObject({ ok: true, value: { input: { protocol_era: 'stateless' } } });
    expect(parsed.ok && connectionDiffers(parsed.value.input, stored)).toBe(true);
  });

  it('notices another URL', () => {
    const parsed = parseServerForm(form({ url: 'https://example.com/other' }));
    expect(parsed.ok && connectionDiffers(parsed.value.input, stored)).toBe(true);
  });

  it('notices a change from a shared key to one per member', () => {
    const keyed = { ...stored, auth_method: 'api_key', credential_scope: 'workspace' } as const;
    const differs = (scope: string) => {
      const parsed = parseServerForm(form({ auth_method: 'api_key', credential_scope: scope }));
      return parsed.ok && connectionDiffers(parsed.value.input, keyed);
    };
    expect([differs('workspace'), differs('member')]).toEqual([false, true]);
  });
});
