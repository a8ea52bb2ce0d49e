// For cases/gc.mjs: a process in which nothing is kept alive.
export const keepAlive = () => ({ size: 0 });
