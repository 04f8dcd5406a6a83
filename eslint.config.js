import regexp from 'eslint-plugin-regexp';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const TARGET = 'Use a fixed path, or returnPath() for one that comes from a request.';
/** Where a page sends its user: a literal, a template that begins with a path of ours, or what `returnPath` checked. */
const checkedTargets = [
  ['redirect', 1],
  ['goto', 0],
].flatMap(([name, place]) => {
  const call = `CallExpression[callee.name='${name}']`;
  const argument = `arguments.${place}`;
  return [
    `${call}[${argument}.type!=/^(Literal|TemplateLiteral|CallExpression)$/]`,
    `${call}[${argument}.type='CallExpression'][${argument}.callee.name!=/^returnPath(Of)?$/]`,
    `${call}[${argument}.type='Literal'][${argument}.value!=/^\\u002f(?!\\u002f)/]`,
    `${call}[${argument}.type='TemplateLiteral'][${argument}.quasis.0.value.raw!=/^\\u002f[a-z]/]`,
  ].map((selector) => ({ selector, message: TARGET }));
});
const uncheckedLocation = [
  "CallExpression[callee.property.name=/^(assign|replace)$/][callee.object.name='location']",
  "CallExpression[callee.property.name=/^(assign|replace)$/][callee.object.property.name='location']",
  "AssignmentExpression[left.name='location']",
  "AssignmentExpression[left.object.name='location']",
  "AssignmentExpression[left.property.name='location']",
  "AssignmentExpression[left.object.property.name='location']",
  "CallExpression[callee.property.name='open'][callee.object.name='window']",
  "NewExpression[callee.name='Redirect']",
  "CallExpression[callee.object.name='Response'][callee.property.name='redirect']",
].map((selector) => ({ selector, message: TARGET }));

/** Rules for every file that TypeScript or Svelte reads. */
const common = {
  eqeqeq: ['error', 'always', { null: 'ignore' }],
  'max-lines': ['error', 300],
  'no-var': 'error',
  'prefer-const': 'error',
  'object-shorthand': 'error',
  'no-restricted-properties': [
    'error',
    { object: 'Math', property: 'random', message: 'Pure modules take `random` as an argument.' },
  ],
  '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
};

const typed = {
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  // A form's field may be a File only when somebody made the request by hand; its text then fails the schema.
  '@typescript-eslint/no-base-to-string': ['error', { ignoredTypeNames: ['Error', 'RegExp', 'URL', 'File'] }],
  // LiveKit's packages each bring their own copy of the same enums.
  '@typescript-eslint/no-unsafe-enum-comparison': 'off',
  // An interface may ask for a promise where one implementation has nothing to wait for.
  '@typescript-eslint/require-await': 'off',
};

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/**',
      '.local/**',
      '**/.svelte-kit/**',
      '**/.vercel/**',
      '**/.local/**',
      '**/*.d.ts',
      '**/*.types.ts',
      'web/static/**',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: { ...common, ...typed },
  },
  {
    // Deno's types are checked by Deno; without them the typed rules see errors everywhere.
    files: ['supabase/functions/**/*.ts', 'local/supabase/functions-host.ts'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: false } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
    },
  },
  {
    // Types don't tell: Node's are loaded for the tests, and Deno's own check finds only the timers.
    files: ['shared/src/**/*.ts', 'supabase/functions/**/*.ts'],
    ignores: ['shared/src/**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['Buffer', 'global', 'setImmediate', 'clearImmediate'].map((name) => ({
          name,
          message: 'The hosted Deno version provides it to npm packages only: import it, or do without.',
        })),
      ],
    },
  },
  {
    // What vitest and superforms hand out is loosely typed at many places where a test only compares it.
    files: ['**/*.test.ts', '**/*.spec.ts'],
    rules: {
      'max-lines': 'off',
      'no-restricted-properties': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    extends: [svelte.configs.recommended],
    rules: {
      // The app is served from the root of its host: there is no base path to resolve.
      'svelte/no-navigation-without-resolve': 'off',
      // Sets and maps that no template reads are plain ones.
      'svelte/prefer-svelte-reactivity': 'off',
    },
    languageOptions: {
      globals: globals.browser,
      parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'] },
    },
  },
  {
    files: ['**/*.svelte'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      ...common,
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@patchbay/shared/schema/*'],
              allowTypeImports: true,
              message: 'They add zod to the browser bundle.',
            },
          ],
        },
      ],
      // It knows that `let` is right for props and state.
      'prefer-const': 'off',
      'svelte/prefer-const': ['error', { excludedRunes: ['$props', '$state', '$derived', '$bindable'] }],
    },
  },
  {
    files: ['web/src/**/*.{ts,svelte}'],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-syntax': ['error', ...checkedTargets, ...uncheckedLocation] },
  },
  {
    // What users and servers send may be megabytes: time must not grow with its square.
    files: ['{web,shared,agent-worker}/src/**/*.{ts,svelte}', 'supabase/functions/**/*.ts'],
    ignores: ['**/*.test.ts'],
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential' }],
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: globals.node },
    rules: { eqeqeq: common.eqeqeq, 'no-var': 'error', 'prefer-const': 'error' },
  },
);
