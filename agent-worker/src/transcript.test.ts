import { llm } from '@livekit/agents';
import { describe, expect, it } from 'vitest';
import { lineOf } from './transcript.ts';

const at = Date.parse('2026-11-22T12:00:00Z');
const message = (role: llm.ChatRole, content: string) =>
  llm.ChatMessage.create({ role, content, createdAt: at });

describe('a line of the transcript', () => {
  it('is what the user or the agent said, and when', () => {
    expect(lineOf(message('user', ' What time is it? '), 's')).toMatchObject({
      session_id: 's',
      role: 'user',
      text: 'What time is it?',
      said_at: '2026-11-22T12:00:00.000Z',
    });
    expect(lineOf(message('assistant', 'Four.'), 's')).toMatchObject({ role: 'agent', text: 'Four.' });
  });

  it('is nothing that nobody said', () => {
    expect(lineOf(message('system', 'The clock is gone.'), 's')).toBeNull();
    expect(lineOf(message('developer', 'Be brief.'), 's')).toBeNull();
    expect(lineOf(message('assistant', '  '), 's')).toBeNull();
  });
});
