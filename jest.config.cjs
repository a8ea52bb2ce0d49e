'use strict';

module.exports = {
  testMatch: ['<rootDir>/test/{js,workers,fuzz,linearizability}/**/*.test.ts'],
  testEnvironment: '<rootDir>/scripts/jest-environment.cjs',
  moduleNameMapper: { '^shared-heap$': '<rootDir>/dist/index.js' },
  modulePathIgnorePatterns: ['<rootDir>/build/'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Only against tests that hang: some start hundreds of threads, perhaps on a machine that is busy.
  testTimeout: 180_000,
  maxWorkers: 2,
};
