// Builds the binaries that the package brings, all or those whose paths contain an argument, into prebuilds/:
//   npm run prebuilds                  all of them
//   npm run prebuilds -- arm64         some of them
// Each is built in a folder of its own (build/prebuild/) from a copy of what the package contains, so that the source
// build of the package is what makes them.
import fs from 'node:fs';
import path from 'node:path';
import { chosenBinaries, prebuilds, problemsOf } from './binaries.mjs';
import { pack } from './pack.mjs';
import { BuildError, root, run, runMain } from './support.mjs';
import { zigEnvironment } from './zig.mjs';

/** A copy of what the package contains. It keeps times, so that the next build compiles only what has changed. */
function stage(file) {
  const folder = path.join(root, 'build/prebuild', file.replace(/\W+/g, '-'));
  for (const name of ['csrc', 'node_modules']) {
    fs.rmSync(path.join(folder, name), { recursive: true, force: true });
  }
  for (const { path: name } of pack(['--dry-run']).files) {
    if (/^(?:dist|prebuilds)\//.test(name)) continue;
    fs.cpSync(path.join(root, name), path.join(folder, name), { preserveTimestamps: true });
  }
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}

async function build(binary) {
  const env = {
    ...process.env,
    ...(await zigEnvironment(binary.target)),
    JEMALLOC_HOST: binary.host,
    LDFLAGS: '-Wl,--strip-debug',
  };
  const folder = stage(binary.file);
  const args = ['scripts/build.mjs', '--incremental', `--arch=${binary.arch}`];
  const result = run(process.execPath, args, { cwd: folder, env, stdio: 'inherit' });
  if (!result.ok) throw new BuildError(`${binary.file} was not built, see above.`);

  const built = path.join(folder, 'build/Release/shared_heap.node');
  const problems = problemsOf(built, binary);
  if (problems.length > 0) {
    throw new BuildError(`${binary.file} ${problems.join(', ')}.`);
  }
  const target = path.join(prebuilds, binary.file);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  // Another file under the name, not another content: the old one may be loaded by somebody.
  fs.copyFileSync(built, `${target}.new`);
  fs.renameSync(`${target}.new`, target);
  const jemalloc = run(process.execPath, ['scripts/jemalloc.mjs', '--print'], { cwd: folder, env });
  const licence = path.join(jemalloc.stdout.trim(), 'COPYING');
  fs.copyFileSync(licence, path.join(prebuilds, 'LICENSE.jemalloc'));
  console.log(`prebuilds/${binary.file}  ${(fs.statSync(built).size / 1024).toFixed()} KiB`);
}

await runMain(async () => {
  for (const binary of chosenBinaries(process.argv.slice(2))) await build(binary);
});
