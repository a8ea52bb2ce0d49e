import path from 'node:path';

export const root = path.dirname(import.meta.dirname);
export const childFile = path.join(import.meta.dirname, 'child.mjs');
