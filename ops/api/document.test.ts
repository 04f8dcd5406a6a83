import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DOCUMENT_FILE } from './document.ts';

it('each description in docs/openapi.json stands by itself', () => {
  const descriptions: string[] = [];
  JSON.parse(readFileSync(DOCUMENT_FILE, 'utf8'), (key, value: unknown) => {
    if (key === 'description' && typeof value === 'string') descriptions.push(value);
    return value;
  });
  expect(descriptions.length).toBeGreaterThan(100);
  // They come from the comment above a function's last definition; readers don't see the earlier ones.
  expect(descriptions.filter((text) => /\bas before\b|^With |\bprivate\./i.test(text))).toEqual([]);
});
