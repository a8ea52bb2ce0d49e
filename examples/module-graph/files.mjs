// Lists and reads the source files below a folder.
//
// Symbolic links are not followed: a linked file or folder below the root is listed once, at its real
// path, and a link that leads out of the root is not part of the graph. The list is sorted by path (code
// units), so that a module's index is its place in path order: every "ties by path order" in this example
// compares indices.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE = /\.(?:js|mjs|cjs|ts)$/;

/**
 * @param {string} folder
 * @returns {{ root: string, paths: string[], links: number, unreadable: string[] }} absolute real paths
 */
export function listSources(folder) {
  const root = realpathSync(folder);
  const paths = [];
  const unreadable = [];
  let links = 0;
  const folders = [root];
  while (folders.length > 0) {
    const current = folders.pop();
    let entries;
    try {
      entries = readdirSync(current, { withFileTypes: true });
    } catch (error) {
      if (current === root) throw error;
      unreadable.push(`${current}: ${error.code}`);
      continue;
    }
    for (const entry of entries) {
      const path = join(current, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isSymbolicLink()) links += 1;
      else if (entry.isFile() && SOURCE.test(entry.name)) paths.push(path);
    }
  }
  paths.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return { root, paths, links, unreadable };
}

/**
 * A file that cannot be read is an empty module with a reason, not the end of the job.
 *
 * @param {string} path
 * @returns {{ source: string, bytes: number, failed: string }} `bytes` as on disk
 */
export function readSource(path) {
  try {
    const content = readFileSync(path);
    return { source: content.toString('utf8'), bytes: content.length, failed: '' };
  } catch (error) {
    return { source: '', bytes: 0, failed: `cannot be read: ${error.code}` };
  }
}

/** SHA-1 over every path and text, in path order: equal digests mean that all of the text is the same. */
export function createDigest() {
  const hash = createHash('sha1');
  return {
    add: (path, source) => void hash.update(path).update('\0').update(source).update('\0'),
    value: () => hash.digest('hex'),
  };
}
