import { describe, expect, it } from 'vitest';
import { storedFacts } from './stored-facts.ts';

const facts = {
  protocolVersion: '2025-11-25',
  serverInfo: { name: 'notes', version: '1.0.0', icons: [{ src: 'https://example.com/icon.png' }] },
  capabilities: { tools: { listChanged: true } },
  instructions: 'Ask before you delete.',
};

describe('the facts of a server', () => {
  it('stay as they are where they fit', () => {
    expect(storedFacts(facts)).toEqual(facts);
    const none = { protocolVersion: null, serverInfo: null, capabilities: null, instructions: null };
    expect(storedFacts(none)).toEqual(none);
  });

  it('have 8 KB of instructions at most, and say what was cut', () => {
    for (const letter of ['x', '\u4e16', '\u{1f600}']) {
      const { instructions } = storedFacts({ ...facts, instructions: letter.repeat(20_000) });
      expect(Buffer.byteLength(instructions ?? '')).toBeLessThanOrEqual(8_192);
      expect(Buffer.byteLength(instructions ?? '')).toBeGreaterThan(8_180);
      expect(instructions).toMatch(/\[Cut here: the server sent \d+ bytes\.\]$/);
      expect(instructions?.isWellFormed()).toBe(true);
    }
  });

  it('keep name and version of a server that sends too much with them', () => {
    const serverInfo = { ...facts.serverInfo, name: 'n'.repeat(20_000), more: 'x'.repeat(20_000) };
    expect(storedFacts({ ...facts, serverInfo }).serverInfo).toEqual({
      name: 'n'.repeat(256),
      version: '1.0.0',
    });
  });

  it('keep the names of capabilities whose details are too much', () => {
    const capabilities = { tools: { listChanged: true }, experimental: { big: { a: 'x'.repeat(20_000) } } };
    expect(storedFacts({ ...facts, capabilities }).capabilities).toEqual({ tools: {}, experimental: {} });
  });
});
