// Words and texts made up by number, so that the example needs no data and every run is the same.

const WORDS_OF_A_TEXT = 500;
/** One word in so many is not in the dictionary. */
const UNKNOWN = 50;
const SYLLABLES = ['ba', 'de', 'fi', 'go', 'ku', 'la', 'me', 'ni', 'po', 'ru'];

/** A different word for each number. */
export function wordOf(number) {
  return [...String(number)].map((digit) => SYLLABLES[digit]).join('');
}

export function translationOf(word) {
  return [...word].reverse().join('');
}

/** Text number i; the dictionary has the words below `known`. */
export function textOf(i, known) {
  const words = Array.from({ length: WORDS_OF_A_TEXT }, (_, j) => {
    const n = i * WORDS_OF_A_TEXT + j;
    return wordOf(n % UNKNOWN === 0 ? known + (n % 1000) : (n * 7919) % known);
  });
  return words.join(' ');
}
