import { specTypeSchemas } from '@modelcontextprotocol/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeContent } from './normalize-content.ts';

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const text = { type: 'text', text: 'fine' };
const content = (...blocks: unknown[]) => normalizeContent(blocks);
/** Whether the SDK takes it. */
const isValid = (block: unknown) => {
  const checked = specTypeSchemas.ContentBlock['~standard'].validate(block);
  return !(checked instanceof Promise) && checked.issues === undefined;
};

describe('a content block', () => {
  it.each<[string, unknown, object]>([
    [
      'of an unknown kind',
      { type: 'json', json: { a: 1 } },
      { type: 'text', text: '{"type":"json","json":{"a":1}}' },
    ],
    ['without a kind', { text: 'fine' }, text],
    ['with its kind in capitals', { type: 'Text', text: 'fine' }, text],
    ['with an object as text', { type: 'text', text: { a: 1 } }, { type: 'text', text: '{"a":1}' }],
    ['with null hints', { ...text, annotations: null, _meta: null }, text],
    [
      'with a priority out of range',
      { ...text, annotations: { priority: 5, audience: ['user'] } },
      { ...text, annotations: { audience: ['user'] } },
    ],
    [
      'with a bad date',
      { ...text, annotations: { lastModified: 'today', priority: 1 } },
      { ...text, annotations: { priority: 1 } },
    ],
    [
      'with an audience that is a word',
      { ...text, annotations: { audience: 'user' } },
      { ...text, annotations: { audience: ['user'] } },
    ],
    [
      'with an unknown audience',
      { ...text, annotations: { audience: ['robot', 'User', null] } },
      { ...text, annotations: { audience: ['user'] } },
    ],
    [
      'that is a picture without a MIME type',
      { type: 'image', data: PNG },
      { type: 'image', data: PNG, mimeType: 'image/png' },
    ],
    [
      'that is a picture with a null MIME type',
      { type: 'image', data: PNG, mimeType: null },
      { type: 'image', data: PNG, mimeType: 'image/png' },
    ],
    [
      'that is a picture of an unknown kind',
      { type: 'image', data: 'AAAA' },
      { type: 'image', data: 'AAAA', mimeType: 'application/octet-stream' },
    ],
    [
      'that is a picture as a data URI',
      { type: 'image', data: `data:image/webp;base64,${PNG}` },
      { type: 'image', data: PNG, mimeType: 'image/webp' },
    ],
    [
      'that is a picture as models get it',
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
      { type: 'image', data: PNG, mimeType: 'image/png' },
    ],
    [
      'that is a sound without a MIME type',
      { type: 'audio', data: btoa('RIFF\0\0\0\0WAVEfmt ') },
      { type: 'audio', data: btoa('RIFF\0\0\0\0WAVEfmt '), mimeType: 'audio/wav' },
    ],
    [
      'in base64 for addresses',
      { type: 'image', data: '_-8', mimeType: 'image/png' },
      { type: 'image', data: '/+8=', mimeType: 'image/png' },
    ],
    [
      'that is a picture that cannot be read',
      { type: 'image', data: '%%' },
      { type: 'text', text: '{"type":"image","data":"%%"}' },
    ],
    [
      'that is a resource with a null MIME type',
      { type: 'resource', resource: { uri: 'a.txt', mimeType: null, text: 'x' } },
      { type: 'resource', resource: { uri: 'a.txt', text: 'x' } },
    ],
    [
      'that is a resource without an address',
      { type: 'resource', resource: { text: 'x' } },
      { type: 'resource', resource: { uri: '', text: 'x' } },
    ],
    [
      'that is a resource without the object around it',
      { type: 'resource', uri: 'a', text: 'x' },
      { type: 'resource', resource: { uri: 'a', text: 'x' } },
    ],
    [
      'that is a resource with a blob that is none',
      { type: 'resource', resource: { uri: 'a', blob: 'not base64!' } },
      { type: 'resource', resource: { uri: 'a', text: 'not base64!' } },
    ],
    [
      'that is a resource without content',
      { type: 'resource', resource: { uri: 'file:///a/b.txt' } },
      { type: 'resource_link', uri: 'file:///a/b.txt', name: 'b.txt' },
    ],
    [
      'that is a link without a name',
      { type: 'resource_link', uri: 'https://example.com/x' },
      { type: 'resource_link', uri: 'https://example.com/x', name: 'x' },
    ],
    [
      'that is a link with nulls',
      { type: 'resource_link', uri: 'a', name: 'A', title: null, description: null, size: null, icons: null },
      { type: 'resource_link', uri: 'a', name: 'A' },
    ],
  ])('%s is read, and costs no other', (_what, raw, expected) => {
    expect(content(raw, text)).toEqual([expected, text]);
    expect(isValid(expected)).toBe(true);
  });

  it('without content is left out', () => {
    expect(content({ type: 'text', text: null }, null, '', text)).toEqual([text]);
  });

  it('of any JSON is one that the SDK takes', () => {
    const key = fc.constantFrom(
      'type',
      'text',
      'data',
      'mimeType',
      'resource',
      'uri',
      'name',
      'annotations',
      '_meta',
      'blob',
      'source',
    );
    const value = fc.oneof(
      fc.constantFrom('text', 'image', 'audio', 'resource', 'resource_link', 'AAAA'),
      fc.jsonValue(),
      fc.dictionary(
        fc.constantFrom('uri', 'text', 'blob', 'audience', 'priority', 'lastModified', 'data'),
        fc.jsonValue(),
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.dictionary(key, value)), (blocks) => {
        for (const block of content(...blocks)) {
          expect(isValid(block), JSON.stringify(block)).toBe(true);
        }
      }),
    );
  });
});
