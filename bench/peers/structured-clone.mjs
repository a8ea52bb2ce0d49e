// A private copy of a document, as `postMessage` makes one for every receiver.
export const share = (value) => ({ copy: structuredClone(value) });
export const obtain = ({ copy }) => structuredClone(copy);
export const drop = () => {};
