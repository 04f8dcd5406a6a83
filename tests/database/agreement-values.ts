import fc from 'fast-check';

/** JavaScript's white space, and two characters that look like it. */
const SPACES = [
  ...'\t\n\v\f\r \u00a0\u1680\u2000\u2007\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\u0085\u200b',
];
/** PostgreSQL can't store these in text. */
const UNSTORABLE = ['\0', '\ud800', '\udc00'];

const Space = fc.array(fc.constantFrom(...SPACES), { maxLength: 2 }).map((spaces) => spaces.join(''));
const Anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('', ' ', ...SPACES, ...UNSTORABLE).map((odd) => `a${odd}`),
  fc.constantFrom('', ' ', ...SPACES),
);

/** Texts of about `max` characters, whose lengths differ in bytes and units, and any other. */
export function texts(max: number): fc.Arbitrary<string> {
  const near = fc
    .tuple(Space, fc.constantFrom('a', 'é', '\u{1f600}', '字'), fc.constantFrom(-1, 0, 1), Space)
    .map(([before, unit, more, after]) => before + unit.repeat(max + more) + after);
  return fc.oneof(near, Anything);
}

/** Whole numbers about a range, and numbers that are not whole or fit no integer. */
export function wholeNumbers(min: number, max: number): fc.Arbitrary<number> {
  return fc.oneof(
    fc.constantFrom(min - 1, min, min + 1, max - 1, max, max + 1, 0, -1, 1.5, 2 ** 31, -1e20),
    fc.integer({ min: min - 10, max: max + 10 }),
  );
}

export const positions = fc.oneof(
  fc.constantFrom(-1e9, 1e9, -1e9 - 1, 1e9 + 1, 0.5, -0, 1e-300, 1e308),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

export function choices(...right: string[]): fc.Arbitrary<string> {
  return fc.oneof(fc.constantFrom(...right, '', 'nothing', right[0]!.toUpperCase()), Anything);
}

export const slugs = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'z', '0', '9', '-'), maxLength: 34 }),
  fc.string({ unit: fc.constantFrom('a', 'Z', '_', 'é', '-', '\n'), maxLength: 4 }),
  fc.constantFrom('a'.repeat(32), 'a'.repeat(33), ' a ', 'a\n'),
);

export const models = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'Z', '2', '.', '-', ':', '/', '_', ' ', 'é'), maxLength: 6 }),
  fc.constantFrom('gpt-realtime-2.1', ' a ', 'a\n', 'm'.repeat(100), 'm'.repeat(101)),
  Anything,
);

export const languages = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'Z', '2', '-'), maxLength: 12 }),
  fc.constantFrom('en', 'pt-BR', 'zh-Hant-TW', 'en-a', 'en-', 'en\n', ' en ', 'abcd', 'en-abcdefghi', 'a-b'),
  Anything,
);

export const headers = fc.oneof(
  fc.constantFrom(
    'X-API-Key',
    '',
    'Host',
    'cookie',
    'TE',
    'Mcp-Session-Id',
    'a'.repeat(100),
    'a'.repeat(101),
  ),
  fc.string({ unit: fc.constantFrom('x', '-', '|', '`', ':', ' ', '\r', 'é', '\u212a'), maxLength: 5 }),
  Anything,
);

const Host = fc.oneof(
  fc.constantFrom(
    'example.com',
    'EXAMPLE.com',
    '127.0.0.1',
    '[::1]',
    '[::1',
    '::1',
    '[x]',
    'a b',
    'a\u00a0b',
  ),
  fc.constantFrom(
    'bücher.example',
    'a_b',
    'a%b',
    'a<b',
    'a^b',
    'a|b',
    'a\\b',
    'a..b',
    '1.2.3.4.5',
    '',
    'a\x7fb',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const Port = fc.constantFrom(
  '',
  '',
  ':',
  ':0',
  ':80',
  ':59999',
  ':65535',
  ':65536',
  ':99999',
  ':080',
  ':00080',
  ':x',
);
const Path = fc.oneof(
  fc.constantFrom(
    '',
    '/',
    '/mcp',
    '?a=1',
    '#part',
    '/a b',
    '/a\u00a0b',
    '/a@b',
    '?user@host',
    '/\u{1f600}',
    '/ä',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }).map((rest) => `/${rest}`),
);
const Scheme = fc.constantFrom(
  'https://',
  'https://',
  'http://',
  'HtTpS://',
  'http\u017f://',
  'ftp://',
  'https:',
  'https:/',
  'https:///',
  'https:\\\\',
  'file:///',
  'a.b+c-1:',
  '',
);
const Login = fc.constantFrom('', '', '', '', 'me@', 'me:key@', '@', ':@');

export const addresses = fc.oneof(
  fc.tuple(Space, Scheme, Login, Host, Port, Path, Space).map((parts) => parts.join('')),
  fc.integer({ min: -2, max: 1 }).map((more) => `https://a.example/${'x'.repeat(2000 - 18 + more)}`),
  Anything,
);

export const emails = fc.oneof(
  fc.tuple(Space, Anything, fc.constantFrom('@', '', '@@'), Anything, Space).map((parts) => parts.join('')),
  fc.constantFrom(0, 1, -1).map((more) => `${'a'.repeat(310 + more)}@b.example`),
  fc.constantFrom('a@b', 'A@B.example', 'a@\u0130.example', ''),
);

const Tag = fc.oneof(texts(40), fc.constantFrom('a', 'b', ' a', 'a\nb', ''));
export const tags = fc.oneof(
  fc.array(Tag, { maxLength: 4 }),
  fc
    .tuple(fc.integer({ min: 18, max: 22 }), fc.array(fc.constantFrom('n1', ' n2 ', 'n1'), { maxLength: 3 }))
    .map(([count, more]) => [...Array.from({ length: count }, (_, n) => `n${n}`), ...more]),
);
export const tag = Tag;

const Json = fc.jsonValue({ noUnicodeString: false, maxDepth: 3 });
/** An object without its padding, and how far from the limit padding makes it. */
export const metadata = fc.record({
  object: fc.dictionary(
    fc
      .oneof(fc.string({ maxLength: 5 }), fc.constantFrom('"', '\\', '\n', 'ä'))
      .filter((key) => key !== '__proto__'),
    fc.oneof(
      Json,
      fc.constantFrom<unknown>(1e21, -1.5e-7, 5e-324, 1e300, -0, '\u0001\u007f', 'a\0', '\ud800'),
    ),
    { maxKeys: 4 },
  ),
  beyond: fc.option(fc.integer({ min: -2, max: 2 })),
});
