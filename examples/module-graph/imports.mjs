// Finds what a source file asks for, with existing lexers only:
//
//   es-module-lexer   import and export declarations, dynamic imports with a literal specifier, and the
//                     type-only imports of TypeScript (its full build lexes erasable TypeScript, so .ts
//                     and .d.ts files go through it as they are, without a transformer)
//   cjs-module-lexer  the names that a CommonJS file exports; it knows `require` only where it re-exports
//   js-tokens         every other require('literal'): a scan of the token stream, done only for a text in
//                     which a regular expression finds something that may be such a call
//
// A file that es-module-lexer or cjs-module-lexer refuses has no imports and carries the reason. A lexer
// knows no scopes: in a bundle, a `require` that is a local function counts like Node's own.

import * as cjs from 'cjs-module-lexer';
import * as esm from 'es-module-lexer';
import jsTokens from 'js-tokens';
import { KINDS } from './edges.mjs';

const [IMPORT, DYNAMIC, REQUIRE, TYPE] = KINDS.keys();

const MAY_REQUIRE = /\brequire\s*(?:\(|\?\.|\/[/*])/;
const IS_TYPESCRIPT = /\.ts$/;
const IS_SPACE = new Set([
  'WhiteSpace',
  'LineTerminatorSequence',
  'MultiLineComment',
  'SingleLineComment',
  'HashbangComment',
]);

export async function loadLexers() {
  await esm.init();
  await cjs.init();
}

/**
 * @param {string} source
 * @param {string} path decides about TypeScript and names the file in messages
 * @returns {{ requests: { kind: number, specifier: string }[], exports: number, refused: string }}
 *   requests in source order by lexer, each (kind, specifier) once; `refused` is '' or the reason
 */
export function findImports(source, path) {
  const requests = new Map();
  const add = (kind, specifier) => {
    const key = `${kind} ${specifier}`;
    if (!requests.has(key)) requests.set(key, { kind, specifier });
  };
  let exported;
  try {
    const [imports, exports, , hasModuleSyntax] = esm.parse(source);
    for (const found of imports) {
      if (found.type === 'dynamic') {
        if (found.specifier === undefined || found.glob) continue;
        add(found.probablyTypeOnly ? TYPE : DYNAMIC, found.specifier);
      } else if (found.type !== 'import-meta') {
        add(found.typeOnly ? TYPE : IMPORT, found.specifier);
      }
    }
    const isModule = hasModuleSyntax || path.endsWith('.mjs') || IS_TYPESCRIPT.test(path);
    if (isModule) {
      exported = exports.length;
    } else {
      const lexed = cjs.parse(source);
      exported = lexed.exports.length;
      for (const specifier of lexed.reexports) add(REQUIRE, specifier);
    }
  } catch (error) {
    return { requests: [], exports: 0, refused: firstLine(error) };
  }
  if (MAY_REQUIRE.test(source)) {
    for (const specifier of scanRequires(source)) {
      // `import x = require('y')` of TypeScript is already there, as an import.
      if (!requests.has(`${IMPORT} ${specifier}`) && !requests.has(`${TYPE} ${specifier}`)) {
        add(REQUIRE, specifier);
      }
    }
  }
  return { requests: [...requests.values()], exports: exported, refused: '' };
}

/**
 * The literal specifiers of `require('x')`, `require?.('x')` and `require('x', ...)`, in order. Not those
 * of `a.require('x')`, `require.resolve('x')` or of a computed specifier.
 *
 * @param {string} source
 * @returns {string[]}
 */
export function scanRequires(source) {
  const found = [];
  // What has been seen of the pattern: 0 nothing, 1 `require`, 2 its parenthesis, 3 the literal.
  let state = 0;
  let literal = '';
  let previous = '';
  for (const token of jsTokens(source)) {
    if (IS_SPACE.has(token.type)) continue;
    const { type, value } = token;
    if (state === 3 && (value === ')' || value === ',')) found.push(literal);
    if (state === 1 && value === '?.') {
      // still before the parenthesis
    } else if ((state === 1 || state === 2) && value === '(') {
      state = 2; // again for a cast in a comment: require(/** @type {string} */ ('x'))
    } else if (
      state === 2 &&
      (type === 'StringLiteral' || type === 'NoSubstitutionTemplate') &&
      token.closed
    ) {
      state = 3;
      literal = unquote(value);
    } else if (type === 'IdentifierName' && value === 'require') {
      state = previous === '.' || previous === '?.' ? 0 : 1;
    } else {
      state = 0;
    }
    previous = value;
  }
  return found;
}

const ESCAPE = /\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|\r\n|([\s\S]))/g;
const PLAIN_ESCAPES = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', 0: '\0' };
const LINE_END = /[\r\n\u2028\u2029]/;

/** The value of a string literal: specifiers with escapes are rare, but they are there. */
function unquote(literal) {
  const body = literal.slice(1, -1);
  if (!body.includes('\\')) return body;
  return body.replace(ESCAPE, (_, braced, four, two, single) => {
    const code = braced ?? four ?? two;
    if (code !== undefined) {
      const point = Number.parseInt(code, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : '';
    }
    if (single === undefined || LINE_END.test(single)) return '';
    return PLAIN_ESCAPES[single] ?? single;
  });
}

function firstLine(error) {
  const [line] = String(error?.message ?? error).split('\n', 1);
  return line === '' ? 'refused without a reason' : line;
}
