// What `import` gets: the names of the CommonJS build, so that both kinds of module share one copy of the classes.
export * from './index.js';
