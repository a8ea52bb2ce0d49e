// For musl.mjs: jest's native parts look into /usr/bin/ldd for the C library that they are to fit, which is this
// machine's. To a Node.js for musl that file says what it would say on a machine of its own.
'use strict';

const fs = require('node:fs');

const { readFileSync } = fs;

fs.readFileSync = (file, ...options) =>
  file === '/usr/bin/ldd' ? 'musl' : readFileSync(file, ...options);
