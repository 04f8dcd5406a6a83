import { expect, it } from 'vitest';
import { reasonOf } from './reason.ts';

it.each([
  ['{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"Disk full"}}', 'Disk full'],
  ['{"error":"invalid_token","error_description":"Token expired"}', 'Token expired'],
  ['{"error":"Session not found"}', 'Session not found'],
  ['{"detail":[{"loc":["body"],"msg":"field required"}]}', 'field required'],
  ['{"title":"Bad Request","status":400,"detail":"x must be positive"}', 'x must be positive'],
  ['{"errors":[{"message":"first"},{"message":"second"}]}', 'first'],
  ['"just text"', 'just text'],
  ['{}', null],
  ['', null],
  ['—', null],
  ['<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>', '502 Bad Gateway'],
  ['<p>Don&#39;t &lt;do&gt; this</p><script>alert(1)</script>', "Don't <do> this"],
  ['line one\r\n\tline\u0007 two\u2028\u202Eend', 'line one line two end'],
  ['{broken', '{broken'],
])('%j says %j', (body, reason) => {
  expect(reasonOf(body)).toBe(reason);
});

it('is cut at 200 characters, and not in the middle of one', () => {
  expect(reasonOf('a'.repeat(200))).toBe('a'.repeat(200));
  expect(reasonOf(`a${'😀'.repeat(500)}`)).toBe(`a${'😀'.repeat(198)}…`);
});
