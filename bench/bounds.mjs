// Bounds of a case, each of one of these forms:
//   { peer, within: 3 }    at most 3 times what the peer takes
//   { peer, ahead: 8 }     at most an eighth of what the peer takes
//   { peer, share: 0.95 }  at least 0.95 of what the peer reaches, where more is better
//   { atMost: 56 }, { atLeast: 1 }   on the figure itself
// A ratio is always ours through the peer's.

export function isReached(bound, { value, ratio }) {
  if (bound.within !== undefined) return ratio <= bound.within;
  if (bound.ahead !== undefined) return 1 / ratio >= bound.ahead;
  if (bound.share !== undefined) return ratio >= bound.share;
  if (bound.atMost !== undefined) return value <= bound.atMost;
  return value >= bound.atLeast;
}

export function describe({ within, ahead, share, atMost, atLeast }) {
  if (within !== undefined) return within === 1 ? 'not longer' : `within ${within}x`;
  if (ahead !== undefined) return `${ahead}x ahead`;
  if (share !== undefined) return `${share} of it`;
  return atMost !== undefined ? `at most ${atMost}` : `at least ${atLeast}`;
}
