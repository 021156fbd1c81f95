import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const rooms = {
  platform: [],
  facts: ['platform'],
  'tinycore/node': ['platform'],
  packaging: ['platform', 'facts'], // one function: the compact form of pci.ids
  'tinycore/image': ['platform', 'packaging', 'tinycore'],
  lab: ['platform'],
  agent: ['platform', 'facts', 'tinycore/node', 'agent'],
};

const DEFAULT_EXPORT = {
  selector: 'ExportDefaultDeclaration',
  message: 'No default exports: a name is searched for.',
};
const SPREAD_LITERAL = {
  selector: 'ObjectExpression > SpreadElement > ObjectExpression',
  message: 'Write the members out: a spread of a literal only keeps several on one line.',
};
const PROCESS_STATE = {
  selector: "MemberExpression[object.name='process'][property.name=/^(env|argv)$/]",
  message: 'Only agent/main.ts reads argv and the environment; it hands them in (platform/process/verb.ts, Host).',
};
/** The names of agent/servers/registry.ts; test/agent/servers/registry.test.ts holds the two together. */
const SERVER_NAME = 'Literal[value=/^(razor|hanlon|razor-server|foreman|ironic|ironic-2014)$/]';
const COMPARED_NAMES = [`BinaryExpression[operator=/^[!=]==?$/] > ${SERVER_NAME}`, `SwitchCase > ${SERVER_NAME}`].map(
  (selector) => ({ selector, message: 'Ask the descriptor (agent/servers/server.ts), not the name of the server.' }),
);

/** One rule object a room: imports run downwards only (docs/architecture.md). */
function arrows(room, allowed) {
  const others = ['agent', 'facts', 'lab', 'packaging', 'tinycore', 'test', 'scripts'].filter(
    (name) =>
      room !== name && !room.startsWith(`${name}/`) && !allowed.some((a) => a === name || a.startsWith(`${name}/`)),
  );
  return {
    files: [`${room}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'zod', message: 'Use zod/mini: zod costs 443 KiB and 19 ms.' },
            { name: 'node:child_process', message: 'Use platform/process/run.ts.', allowTypeImports: true },
          ],
          patterns: others.map((name) => ({
            regex: `^(\\.\\./)+${name}/`,
            message: `${room} must not import ${name} (docs/architecture.md, arrows).`,
          })),
        },
      ],
    },
  };
}

export default tseslint.config(
  { ignores: ['node_modules/', 'build/', 'test/fixtures/'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite'] },
          ],
        },
      ],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
      'no-restricted-syntax': ['error', DEFAULT_EXPORT, SPREAD_LITERAL],
    },
  },
  ...Object.entries(rooms).map(([room, allowed]) => arrows(room, allowed)),
  {
    files: ['test/**/*.ts'],
    // what is run by hand, for hours or with gigabytes, cleans up as it goes
    ignores: ['test/helpers/temporary-directory.ts', 'test/{bench,corpus,e2e,ironic}/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        ...['node:fs', 'node:fs/promises'].map((name) => ({
          name,
          importNames: ['mkdtemp', 'mkdtempSync'],
          message: 'Use temporaryDirectory() of test/helpers/temporary-directory.ts: it removes what it made.',
        })),
      ],
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: {
        require: 'readonly',
        process: 'readonly',
        console: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        __dirname: 'readonly',
        module: 'writable',
      },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  { files: ['eslint.config.js'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['platform/process/run.ts', 'platform/process/daemon.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['platform', 'agent', 'facts', 'lab', 'tinycore', 'packaging'].map((room) => `${room}/**/*.ts`),
    ignores: ['agent/main.ts', 'packaging/bundle/warm-up-process.ts'], // the second starts the first, as an executable does
    rules: {
      'no-restricted-syntax': ['error', DEFAULT_EXPORT, SPREAD_LITERAL, PROCESS_STATE],
    },
  },
  {
    files: ['agent/**/*.ts'],
    ignores: ['agent/main.ts', 'agent/servers/**'],
    rules: { 'no-restricted-syntax': ['error', DEFAULT_EXPORT, SPREAD_LITERAL, PROCESS_STATE, ...COMPARED_NAMES] },
  },
);
