import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['build/', 'dist/', 'node_modules/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: globals.nodeBuiltin, sourceType: 'module' },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { globals: globals.node, sourceType: 'commonjs' },
  },
  {
    files: ['**/*.{ts,mts,cts}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.test.json', 'tsconfig.types.json', 'tsconfig.consumer.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // Numbers read well in messages; what else may slip into a template stays an error.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // The addon can only be required.
      '@typescript-eslint/no-require-imports': ['error', { allow: ['\\.node$'] }],
      // Asks for `!`, which strict forbids: an assertion that names the type it claims is the one allowed.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // Hot paths count with an index where an iterator would cost.
      '@typescript-eslint/prefer-for-of': 'off',
    },
  },
  {
    // Tests hand wrong types to everything on purpose.
    files: ['test/**/*.ts', 'types/*.test-d.{ts,mts}'],
    rules: {
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
