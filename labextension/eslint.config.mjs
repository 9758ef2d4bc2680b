import tseslint from 'typescript-eslint';

// What users log is text: it reaches the page as text nodes and attributes, never as markup.
const markup = ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'createContextualFragment'];

export default tseslint.config(
  {
    ignores: ['lib', 'static', 'cellrun', 'node_modules', '*.mjs', 'src/server/openapi.ts'],
  },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-restricted-properties': ['error', ...markup.map(property => ({ property }))],
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 50 }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    files: ['tests/**', 'dev/**'],
    rules: {
      'max-lines-per-function': 'off', // describe() is one function around many
      '@typescript-eslint/no-non-null-assertion': 'off', // a null is a failed test
    },
  },
);
