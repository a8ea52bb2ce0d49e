// Jest runs a test file in a context of its own, with its own TypeError; what the addon throws comes from the main
// context. Here a test's error classes recognise both, as they do in a program, where there is only one context.
'use strict';

const { TestEnvironment } = require('jest-environment-node');

const isInstance = Function.prototype[Symbol.hasInstance];
const errorNames = ['Error', 'TypeError', 'RangeError', 'SyntaxError'];

module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const name of errorNames) {
      const inner = this.global[name];
      Object.defineProperty(inner, Symbol.hasInstance, {
        // Subclasses inherit this method: for them only their own instances count.
        value(value) {
          return (
            isInstance.call(this, value) || (this === inner && value instanceof globalThis[name])
          );
        },
      });
    }
  }
};
