import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** Who may import whom; the table of docs/architecture.md. A layer uses itself only if it says so. */
const layers = [
  ['kernel', []],
  ['wire', []],
  ['contract', ['kernel']],
  ['linux', ['kernel', 'wire']],
  ['transport', ['kernel', 'wire']],
  // One may stand on another; Nx refuses cycles.
  ['service', ['contract', 'kernel', 'linux', 'transport', 'service', 'wire']],
  ['backend', ['contract', 'kernel', 'service', 'linux', 'transport', 'wire']],
  ['experiment', ['contract', 'kernel']],
  ['hub', ['contract', 'kernel', 'wire', 'service', 'linux', 'experiment']],
  ['observability', ['kernel', 'contract']],
  ['config', ['kernel', 'contract']],
  ['testkit', ['contract', 'kernel']],
  [
    'app',
    [
      'kernel',
      'wire',
      'contract',
      'linux',
      'transport',
      'service',
      'backend',
      'hub',
      'experiment',
      'observability',
      'config',
    ],
  ],
  ['tool', ['kernel', 'wire', 'contract', 'linux', 'transport', 'service', 'experiment', 'config', 'tool']],
];

/** Tests may also use the contract's kit and the fixtures. */
const testLayers = layers.map(([layer, allowed]) => [layer, [...allowed, 'testkit', 'tool']]);

const boundaries = (table) => [
  'error',
  {
    enforceBuildableLibDependency: false,
    allow: [],
    depConstraints: table.map(([layer, allowed]) => ({
      sourceTag: `layer:${layer}`,
      onlyDependOnLibsWithTags: allowed.map((name) => `layer:${name}`),
    })),
  },
];

const only = (name, message) => ({ name, message });
const restricted = (...paths) => ['error', { paths }];
const childProcess = only('node:child_process', 'Only libs/transport/process starts processes.');
const tsyringe = only('tsyringe', 'Only the composition root (apps/crihubd) wires dependencies.');
const dockerode = only('dockerode', 'Only libs/transport speaks to Docker Engine.');
const ssh2 = only('ssh2', 'Only libs/transport speaks SSH.');
const koffi = only('koffi', 'Only libs/linux calls the C library.');

export default tseslint.config(
  {
    ignores: [
      '**/node_modules',
      '**/dist',
      '**/generated',
      '.nx',
      '.cache',
      '**/*.mjs',
      'tools/lint-canary',
      'tools/generators/scratch',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(layers),
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'no-restricted-imports': restricted(childProcess, tsyringe, dockerode, ssh2, koffi),
    },
  },
  {
    files: ['libs/transport/process/**'],
    rules: { 'no-restricted-imports': restricted(tsyringe, dockerode, ssh2, koffi) },
  },
  {
    files: ['libs/transport/docker-engine/**'],
    rules: { 'no-restricted-imports': restricted(childProcess, tsyringe, ssh2, koffi) },
  },
  {
    files: ['libs/transport/ssh/**'],
    rules: { 'no-restricted-imports': restricted(childProcess, tsyringe, dockerode, koffi) },
  },
  {
    files: ['libs/linux/**'],
    rules: { 'no-restricted-imports': restricted(tsyringe, dockerode, ssh2, childProcess) },
  },
  {
    files: ['apps/crihubd/**'],
    rules: { 'no-restricted-imports': restricted(childProcess, dockerode, ssh2, koffi) },
  },
  {
    files: ['tools/**', '**/*.test.ts', '**/testing/**'],
    ignores: ['tools/lint-canary/**'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: ['**/*.test.ts', '**/testing/**'],
    rules: { '@nx/enforce-module-boundaries': boundaries(testLayers) },
  },
);
