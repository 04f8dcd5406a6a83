/**
 * Texts on which regular expressions take time that grows with the square of their length: at this length, hours, which
 * the timeout of the test notices. A lint rule finds most of such expressions; it knows no references to groups.
 */
import { expect, it } from 'vitest';
import { credentialOfHeaders } from '../src/contract/mcp-servers-json/credential.ts';
import { bytesOfBase64, plainBase64 } from '../src/engine/http/media-type.ts';
import { normalizeContent } from '../src/engine/messages/normalize-content.ts';
import { reasonOf } from '../src/engine/messages/reason.ts';
import { slugFromName } from '../src/contract/naming.ts';
import { readMcpServersJson } from '../src/contract/mcp-servers-json/mcp-servers-json.ts';
import { trimEnd } from '../src/contract/json/trim-end.ts';

const LENGTH = 2_000_000;
const long = (part: string): string => part.repeat(LENGTH / part.length);

it.each([
  ['padding inside base64', () => plainBase64(`${long('=')}A`)],
  ['padding inside the size of base64', () => bytesOfBase64(`${long('=')}A`)],
  ['a data URI that does not end', () => normalizeContent([{ type: 'image', data: `data:${long('a')}/` }])],
  ['a data URI of parameters', () => normalizeContent([{ type: 'image', data: `data:${long(';base64')}` }])],
  ['a link without an end', () => normalizeContent([{ type: 'resource_link', uri: `${long('a')}\n` }])],
  ['a page of scripts', () => reasonOf(long('<script>'))],
  ['a page of ends of scripts', () => reasonOf(`<script>${long('</script ')}`)],
  ['a page of brackets', () => reasonOf(long('<'))],
  ['a page of titles', () => reasonOf(long('<title'))],
  ['a name of dashes', () => slugFromName(`a${long('-')}b`)],
  ['a token of spaces', () => credentialOfHeaders({ Authorization: `Bearer ${long(' ')}\n` })],
  ['a token of braces', () => credentialOfHeaders({ Authorization: long('${') })],
  [
    'a header of spaces',
    () =>
      readMcpServersJson(
        JSON.stringify({
          mcpServers: {
            a: { command: 'npx', args: ['mcp-remote', 'https://a.example', '--header', `A:${long(' ')}\n`] },
          },
        }),
      ),
  ],
] as const)('%s takes no time', (_name, read) => {
  expect(() => read()).not.toThrow();
});

it('trims only the end', () => {
  expect(trimEnd('==a==', '=')).toBe('==a');
  expect(trimEnd('a., ', ' .,')).toBe('a');
  expect(trimEnd('...', '.')).toBe('');
});

it('still finds the words of a page between its scripts', () => {
  const page = '<p>Not <script>let a = "<b>";</script>today<style>p {}</STYLE >,</p><script>open';
  expect(reasonOf(page)).toBe('Not today ,');
});

it('still reads data URIs and names of links', () => {
  expect(normalizeContent([{ type: 'image', data: 'data:image/png;a=b;base64,iVBORw0KGgo=' }])).toMatchObject(
    [{ mimeType: 'image/png', data: 'iVBORw0KGgo=' }],
  );
  for (const uri of ['https://a.example/x/notes.txt', 'https://a.example/x/notes.txt/?q=a/b#c', 'notes.txt'])
    expect(normalizeContent([{ type: 'resource_link', uri }])).toMatchObject([{ name: 'notes.txt' }]);
});
