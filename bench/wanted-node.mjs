// Which Node.js to measure: the one that NODE names, else this one.
//
// npm sets NODE to its own for every script, so in `NODE=/path npm run bench` the variable says something
// else by now. What npm itself was started with is in /proc.
import fs from 'node:fs';
import process from 'node:process';

const MOST_ANCESTORS = 3; // a shell may lie between npm and this process

export function wantedNode() {
  if (process.env.npm_lifecycle_event === undefined) return process.env.NODE || process.execPath;
  let pid = process.ppid;
  for (let i = 0; i < MOST_ANCESTORS; i++) {
    const variables = fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    if (!variables.some((line) => line.startsWith('npm_lifecycle_event='))) {
      const named = variables.find((line) => line.startsWith('NODE='));
      return named?.slice('NODE='.length) || process.execPath;
    }
    pid = Number(/^PPid:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  }
  return process.execPath;
}
