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
  it('fills what was left out', () => {
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

  it('leaves fields that the form does not ask for to the database', () => {
    const parsed = parseServerForm(form({}));
    expect(parsed.ok && Object.keys(parsed.value.input)).not.toContain('metadata');
  });

  it('keeps everything typed when something is wrong, except the credential', () => {
    const parsed = parseServerForm(
      form({ url: 'nonsense', tags: 'a, b', auth_method: 'bearer_token', credential: 'top-secret' }),
    );
    expect(parsed.ok).toBe(false);
    expect(parsed.values).toMatchObject({ url: 'nonsense', tags: 'a, b', auth_method: 'bearer_token' });
    expect(JSON.stringify(parsed)).not.toContain('top-secret');
    expect(!parsed.ok && parsed.fieldErrors?.url).toBeDefined();
  });

  it('tells about a bad credential and a bad field at once', () => {
    const parsed = parseServerForm(form({ name: ' ', auth_method: 'api_key', credential: 'två\nrader' }));
    expect(!parsed.ok && Object.keys(parsed.fieldErrors ?? {}).sort()).toEqual(['credential', 'name']);
  });

  it.each(['0.5', '301', 'soon'])('refuses a time-out of %s seconds and says so at its field', (timeout) => {
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
  it('parts by commas, trims, and keeps each once', () => {
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

  it('does not count a new name or tag', () => {
    const parsed = parseServerForm(form({ name: 'other', tags: 'x' }));
    expect(parsed.ok && connectionDiffers(parsed.value.input, stored)).toBe(false);
  });

  it('counts another protocol', () => {
    const parsed = parseServerForm(form({ protocol_era: 'stateless' }));
    expect(parsed).toMatchObject({ ok: true, value: { input: { protocol_era: 'stateless' } } });
    expect(parsed.ok && connectionDiffers(parsed.value.input, stored)).toBe(true);
  });

  it('counts another address', () => {
    const parsed = parseServerForm(form({ url: 'https://example.com/other' }));
    expect(parsed.ok && connectionDiffers(parsed.value.input, stored)).toBe(true);
  });

  it('counts a key of each member in place of one for all', () => {
    const keyed = { ...stored, auth_method: 'api_key', credential_scope: 'workspace' } as const;
    const differs = (scope: string) => {
      const parsed = parseServerForm(form({ auth_method: 'api_key', credential_scope: scope }));
      return parsed.ok && connectionDiffers(parsed.value.input, keyed);
    };
    expect([differs('workspace'), differs('member')]).toEqual([false, true]);
  });
});
