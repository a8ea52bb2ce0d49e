// A moment that threads of one process can compare.

/** Microseconds, of the monotonic clock. */
export const microseconds = () => Number(process.hrtime.bigint()) / 1000;
