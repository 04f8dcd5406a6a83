import { expect, test } from 'vitest';
import { renderTemplate } from './render-template.ts';

test('values are encoded in the query of a link, and text everywhere else', () => {
  const template =
    '<b>{{ .Email }}</b><a href="{{ .SiteURL }}/x?a={{ .Next }}&amp;b={{ .Email }}">{{ .Next }}</a>';
  const values = { Email: `a+b@x.test`, SiteURL: 'https://x.test', Next: '/y?z=<1>&"' };
  expect(renderTemplate(template, values)).toBe(
    '<b>a+b@x.test</b><a href="https://x.test/x?a=%2Fy%3Fz%3D%3C1%3E%26%22&amp;b=a%2Bb%40x.test">/y?z=&lt;1&gt;&amp;&#34;</a>',
  );
});

test('a value that is not known is an error', () => {
  expect(() => renderTemplate('{{ .Missing }}', {})).toThrow('Missing');
});
