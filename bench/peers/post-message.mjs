// A JS Map sent to the worker: the structured clone algorithm copies every entry.
export const title = 'postMessage';
export const mapFrom = (source) => source;
export const handle = (map) => map;
export const fromHandle = (map) => map;
