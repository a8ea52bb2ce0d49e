import path from 'node:path';

export const root = path.dirname(import.meta.dirname);
export const childFile = path.join(import.meta.dirname, 'child.mjs');
export const resultsJson = path.join(import.meta.dirname, 'results.json');
export const resultsMarkdown = path.join(import.meta.dirname, 'results.md');
