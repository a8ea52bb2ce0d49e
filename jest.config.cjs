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
  // Worker tests start hundreds of threads on two cores.
  testTimeout: 60_000,
  maxWorkers: 2,
};
