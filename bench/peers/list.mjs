// What the cases of vectors need of a peer whose lists are read by index alone.
export class List {
  constructor(items) {
    this.items = items;
  }
  at(i) {
    return this.items[i];
  }
}
