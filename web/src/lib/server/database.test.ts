import { describe, expect, it } from 'vitest';
import { writeFailure } from './database.ts';

describe('writeFailure', () => {
  it('returns the messages that database rules write for users', () => {
    const error = { code: 'PT409', message: 'A workspace needs an owner.', details: null, hint: 'Make one.' };
    expect(writeFailure(error, 409)).toEqual({
      ok: false,
      status: 409,
      message: 'A workspace needs an owner.',
      hint: 'Make one.',
    });
  });

  it('reads the errors of fields', () => {
    const error = {
      code: 'PT400',
      message: 'Some fields are invalid.',
      details: '{"email": [{"code": "bad_format", "message": "Not one."}]}',
    };
    expect(writeFailure(error, 400).fieldErrors).toEqual({ email: ['Not one.'] });
  });

  it('does not treat the numbers of a limit as a field', () => {
    const error = {
      code: 'PT409',
      message: 'The limit is reached.',
      details: '{"limit": "servers", "used": 5}',
    };
    expect(writeFailure(error, 409)).not.toHaveProperty('fieldErrors');
  });

  it('hides internal database errors', () => {
    const error = { code: '42501', message: 'permission denied for table workspaces' };
    expect(writeFailure(error, 403).message).toBe("Your role in this workspace doesn't allow this.");
    expect(writeFailure({ code: '', message: 'TypeError: fetch failed' }, 0)).toMatchObject({ status: 503 });
  });
});
