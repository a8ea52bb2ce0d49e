// Copies of the package as it is installed: package.json, dist/ and, if wanted, the addon.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { addonFile, packageFolder } from './support';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export interface Copy {
  /** What `require` takes. */
  readonly main: string;
  readonly addon: string;
}

export function copyPackage({ withAddon }: { withAddon: boolean }): Copy {
  const folder = mkdtempSync(join(tmpdir(), 'shared-heap-copy-'));
  folders.push(folder);
  for (const name of ['package.json', 'dist']) {
    cpSync(join(packageFolder, name), join(folder, name), { recursive: true });
  }
  // Its one dependency at run time.
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(
    join(packageFolder, 'node_modules', 'node-gyp-build'),
    join(folder, 'node_modules', 'node-gyp-build'),
  );
  const addon = join(folder, relative(packageFolder, addonFile));
  if (withAddon) cpSync(addonFile, addon);
  return { main: join(folder, 'dist', 'index.js'), addon };
}
