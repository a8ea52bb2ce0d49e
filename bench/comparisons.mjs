// What the chart shows: the comparisons that have a bound, of all runs.
import { describe } from './bounds.mjs';
import { peers } from './peers/index.mjs';

/**
 * A work has `comparisons`, each with the `figures` of one or more Node versions. `mark` and
 * `advantage` say how many times better than the peer, asked and reached.
 */
export function collect(runs) {
  const works = new Map();
  for (const { machine, results } of runs) {
    const major = Number.parseInt(machine.node, 10);
    for (const { name, title, unit, rows, bounds } of results) {
      for (const bound of bounds.filter(({ reached, peer }) => peer && reached !== undefined)) {
        const { ratio } = rows.find(({ peer }) => peer === bound.peer);
        const advantage = unit === 'x' ? ratio.median : 1 / ratio.median;
        if (!(advantage > 0 && advantage < Infinity)) continue;
        const work = entryOf(works, name, () => ({ title, comparisons: new Map() }));
        const label = `${peers[bound.peer].title}, ${describe(bound)}`;
        const create = () => ({ label, mark: markOf(bound), figures: [] });
        const { figures } = entryOf(work.comparisons, label, create);
        figures.push({ major, advantage, isReached: bound.reached });
      }
    }
  }
  return [...works.values()].map(({ title, comparisons }) => {
    return { title, comparisons: [...comparisons.values()] };
  });
}

const markOf = ({ within, ahead, share }) => (within !== undefined ? 1 / within : (ahead ?? share));

function entryOf(map, key, create) {
  if (!map.has(key)) map.set(key, create());
  return map.get(key);
}
