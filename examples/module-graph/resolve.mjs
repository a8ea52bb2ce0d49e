// Resolves a specifier to a file, with oxc-resolver (the Rust port of webpack's enhanced-resolve):
// relative paths, extension guessing, index files, package.json "main", "exports" and "imports", symbolic
// links to their real path. The caller decides the conditions, as in Node: "require" for require calls,
// "import" for the rest. Requests made by a .ts file follow TypeScript's rules first (declaration files,
// @types, './x.js' meaning ./x.ts), then Node's.

import { isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { ResolverFactory } from 'oxc-resolver';
import { KINDS, TARGETS } from './edges.mjs';

const REQUIRE = KINDS.indexOf('require');
const IS_URL = /^(?:https?|data|file):/;

/** A resolver for one thread: `(importing file, specifier, kind) => path, or one of TARGETS`. */
export function createResolver() {
  const common = { nodePath: false };
  const forImport = new ResolverFactory({ ...common, conditionNames: ['node', 'import'] });
  const forRequire = forImport.cloneWithOptions({ ...common, conditionNames: ['node', 'require'] });
  const forTypes = forImport.cloneWithOptions({
    ...common,
    conditionNames: ['types', 'node', 'import'],
  });
  return function resolve(importer, specifier, kind) {
    if (isBuiltin(specifier)) return TARGETS.BUILTIN;
    if (IS_URL.test(specifier)) return TARGETS.OUTSIDE;
    // An empty specifier or one with a NUL byte names no file on any system.
    if (specifier === '' || specifier.includes('\0')) return TARGETS.UNRESOLVED;
    if (importer.endsWith('.ts')) {
      const { path } = forTypes.resolveDtsSync(importer, specifier);
      if (path !== undefined) return path;
    }
    const resolver = kind === REQUIRE ? forRequire : forImport;
    const { path } = resolver.sync(dirname(importer), specifier);
    return path ?? TARGETS.UNRESOLVED;
  };
}
