/**
 * What the addon (csrc/binding) exports and ts/native.ts loads. Internal: users see the classes.
 *
 * Every function checks its arguments and throws before anything has changed:
 * `SharedHeapError` (the class given to `setErrorClass`), `TypeError` or `RangeError`, each with `code`.
 *
 * Values. A primitive travels as itself. A ref travels as the sentinel `REF`, its id beside it:
 * - in: argument number k of the values of a call is a ref if it is `REF`; its id is `refIds[k]`, and
 *   `refMoves[k]` is 1 if the write takes over one of the object's claims as its hold, 2 if that claim
 *   belongs to no scope (else 0).
 *   Which values count is said at each function; with none said, "the value" is number 0.
 * - out: a single result is number 0; in an array result, element i is number i: `refIds[i]`,
 *   `refTypes[i]` (type tag) and, for a struct, `refShapes[i]` (shape id).
 * Read the arrays at once: the next call, other than shapeInfo, may overwrite them. Any object other
 * than `REF` given as a value, functions and symbols throw ERR_UNSUPPORTED_VALUE.
 */
export type Primitive = undefined | null | boolean | number | string | bigint;
/** The one sentinel object that stands for a ref. */
export interface RefMark {
  readonly __ref: unique symbol;
}
export type Value = Primitive | RefMark;
export type Key = Primitive;

/** How refs are read out of a container; the addon exports them as `modes`. */
export interface Modes {
  /** Refs as they are. */
  readonly borrow: 0;
  /** Refs with one more claim, which the caller must give up. */
  readonly acquire: 1;
  /** StringRef and NumberRef as their values, other refs as they are. */
  readonly deref: 2;
}
export type Mode = 0 | 1 | 2;

/** Where things lie in the region, in words of 4 bytes unless said otherwise. For ts/view.ts. */
export interface Layout {
  /** Bytes of a window: the region is viewed in pieces, as no buffer can be as long as it is. */
  readonly windowBytes: number;
  /** Most windows that a region can have. */
  readonly windows: number;
  /** The length of the slot table; below it everything may be read. */
  readonly slotLength: number;
  /** Slot 0. */
  readonly slots: number;
  /** The lowest slot index that ids may have. */
  readonly firstIndex: number;
  /** Words of a slot. */
  readonly slotWords: number;
  /** From the start of a slot. */
  readonly lock: number;
  readonly payload: number;
  /** Word 0 of a slot: generation, type, flags. */
  readonly generationShift: number;
  readonly typeShift: number;
  readonly typeMask: number;
  readonly flagsMask: number;
  /** Bits of the lock word that are not its version. */
  readonly lockBits: number;
  /** What no lock word ever is. */
  readonly lockNever: number;
  /** Booleans as words of containers. */
  readonly booleanHigh: number;
  readonly trueLow: number;
  readonly falseLow: number;
}

/**
 * Calls that optimised code makes without Node-API, with `seat` as first argument. Each does what the
 * function of the same name does for arguments of the types named here and says so in `fastResult`:
 * [0] `done` or, if the key was not there, `absent`; [1] the result. Or it does nothing at all, and
 * leaves [0] as it was: if that function would throw, from code that is not optimised, for strings that
 * V8 does not keep as one flat row of bytes, for results that are no numbers.
 */
export interface FastCalls {
  readonly seat: number;
  readonly done: number;
  readonly absent: number;
  readonly mapGet: (seat: number, id: number, key: string) => void;
  readonly mapGetNumberKey: (seat: number, id: number, key: number) => void;
  readonly mapHas: (seat: number, id: number, key: string) => void;
  readonly mapHasNumberKey: (seat: number, id: number, key: number) => void;
  readonly mapSet: (seat: number, id: number, key: string, value: number) => void;
  readonly mapSetNumberKey: (seat: number, id: number, key: number, value: number) => void;
  readonly mapDelete: (seat: number, id: number, key: string) => void;
  readonly mapDeleteNumberKey: (seat: number, id: number, key: number) => void;
  readonly mapAdd: (seat: number, id: number, key: string, n: number) => void;
  readonly mapAddNumberKey: (seat: number, id: number, key: number, n: number) => void;
  readonly numberNew: (seat: number, value: number) => void;
  readonly numberAdd: (seat: number, id: number, n: number) => void;
  readonly numberSub: (seat: number, id: number, n: number) => void;
  readonly numberExchange: (seat: number, id: number, next: number) => void;
  readonly numberCompareExchange: (
    seat: number,
    id: number,
    expected: number,
    next: number,
  ) => void;
  readonly vectorPush: (seat: number, id: number, value: number) => void;
  readonly vectorSet: (seat: number, id: number, index: number, value: number) => void;
  /** `absent`: the queue is full. */
  readonly queuePush: (seat: number, id: number, value: number) => void;
  /** `absent`: the queue is empty and not closed. */
  readonly queuePop: (seat: number, id: number) => void;
  /** For a thread, if that need not wait; `absent`: it was abandoned. */
  readonly lockEnter: (seat: number, id: number) => void;
  readonly lockLeave: (seat: number, token: number) => void;
  readonly retain: (seat: number, id: number) => void;
  readonly drop: (seat: number, id: number) => void;
}

/** A number of objects; `bytes` of their slots and bodies, `example` the id of one of them. */
export interface Tally {
  objects: number;
  bytes: number;
  example: number | undefined;
}

export interface Native {
  /** Undefined if this engine has none. */
  readonly fast: FastCalls | undefined;
  readonly fastResult: Float64Array;
  readonly REF: RefMark;
  /** What lockEnter and lockLook have found: token, 1 if abandoned, label of the holder, number of ids,
   * ids. */
  readonly lockAnswer: Float64Array;
  /** Tokens of events, for the dispatcher. */
  readonly tokens: Uint32Array;
  readonly lockKinds: Readonly<Record<'thread' | 'task' | 'writer', number>>;
  readonly lockStates: Readonly<Record<'waiting' | 'holding' | 'refused', number>>;
  /** Length `batch`; see above. */
  readonly refIds: Float64Array;
  readonly refTypes: Uint8Array;
  readonly refShapes: Uint32Array;
  readonly refMoves: Uint8Array;
  /** Arguments of `vectorPushNumbers`. Length `batch`. */
  readonly numbers: Float64Array;
  /** Second results, named at each function. Length 4. */
  readonly out: Float64Array;
  readonly layout: Layout;
  /** [0] is 0 while the environment is online, else 1. */
  readonly absence: Int32Array;
  /** Most values one call takes or returns (1024). */
  readonly batch: number;
  readonly modes: Modes;
  /** Type tags by class name: `{ StringRef: 1, ... }`. */
  readonly types: Readonly<
    Record<
      'StringRef' | 'NumberRef' | 'MapRef' | 'VectorRef' | 'StructRef' | 'BufferRef' | 'QueueRef',
      number
    >
  >;
  /** Field type tags of struct shapes. */
  readonly fieldTypes: Readonly<
    Record<'string' | 'number' | 'boolean' | 'bigint' | 'ref' | 'any' | 'typed' | 'shaped', number>
  >;
  /** Limits: `textMax` (code units), `fieldsMax`, `bytesMax`, `idLimit` (2^52). */
  readonly limits: Readonly<Record<'textMax' | 'fieldsMax' | 'bytesMax' | 'idLimit', number>>;

  /** The class that errors of this environment are made of: `new cls(code, message)`. */
  setErrorClass(cls: new (code: string, message: string) => Error): void;
  /**
   * Before the heap's first use in the process, else ERR_ALREADY_CONFIGURED. Bytes, undefined: default;
   * milliseconds.
   */
  configure(
    reserve: number | undefined,
    limit: number | undefined,
    lockTimeout: number | undefined,
  ): void;
  /** As configured, or the default. */
  lockTimeout(): number;

  /** Whom to call, with the number of tokens in `tokens`, when events have come; it must not throw. */
  listen(dispatch: (count: number) => void): void;
  /** Whether the environment stays alive for events. */
  keepAlive(alive: boolean): void;
  /** Sleeps until the environment's bell has rung, at most `ms` milliseconds, and 20. */
  park(ms: number): void;
  /** What errors of other threads call this one. */
  setLabel(label: number): void;
  version(id: number): number;
  /** The token of a watch, told of by the bell if it `blocks`, else by events. */
  watch(id: number, blocks: boolean): number;
  /** Looks for stores under way when the watch began; true when there can be none any more. */
  watchSettle(token: number): boolean;
  unwatch(token: number): void;
  /** One of `lockStates`, more in `lockAnswer`; undefined: a deadlock. */
  lockEnter(
    id: number,
    kind: number,
    onlyFree: boolean,
    task: number,
    nested: boolean,
  ): number | undefined;
  /** The same for a ticket that waits; undefined: the object has ended. */
  lockLook(token: number): number | undefined;
  lockLeave(token: number): void;
  /**
   * Called when a change meets another environment's monitor: waits for the object's monitor and
   * returns its token, or throws. The change is then made, and the monitor left, by the addon.
   */
  setBusyHandler(handler: (id: number) => number): void;
  /**
   * For tests. `out`: [objects with a monitor, objects with watches, waits of this environment, all who
   * are in the queues of locks]; of a few of the second that are of no use any more it gets rid first.
   */
  countWaits(): void;

  // Ids. `id` is unknown because it comes from users: anything but a live id throws.
  /** The type tag of an id (`refShapes[0]`: its shape), 0 if it is not alive. Never throws. */
  typeOf(id: unknown): number;
  /** The id, checked: alive and of this type (0: any). Returns the type tag; `refShapes[0]` the shape. */
  attach(id: unknown, type: number): number;
  retain(id: number): void;
  drop(id: number): void;
  /** drop() that never throws; whether a claim was given up. */
  dispose(id: number): boolean;
  /** [claims, holds]: for tests and diagnosis. */
  counts(id: number): [claims: number, holds: number];
  /** Ids of live objects from slot index `from` on; `out[0]` is where to go on, 0 at the end. Internal, for tests and leak reports. */
  walk(from: number): number[];

  stringNew(text: string): number;
  stringGet(id: number): string;
  stringLength(id: number): number;
  stringSet(id: number, text: string): void;
  /** The text before; `out[0]` 1 if it was exchanged. */
  stringCompareExchange(id: number, expected: string, next: string): string;

  numberNew(value: number): number;
  numberGet(id: number): number;
  numberSet(id: number, value: number): void;
  /** These return the value before. */
  numberAdd(id: number, n: number): number;
  numberSub(id: number, n: number): number;
  numberExchange(id: number, next: number): number;
  numberCompareExchange(id: number, expected: number, next: number): number;

  mapNew(fromObject: boolean): number;
  mapSize(id: number): number;
  mapFromObject(id: number): boolean;
  mapGet(id: number, key: Key): Value;
  /** Refs with a claim. */
  mapAcquire(id: number, key: Key): Value;
  /** StringRef and NumberRef as their values. */
  mapGetValue(id: number, key: Key): Value;
  mapHas(id: number, key: Key): boolean;
  mapSet(id: number, key: Key, value: Value): void;
  /** What the key maps to afterwards (borrowed); `out[0]` 1 if the value was inserted. */
  mapGetOrInsert(id: number, key: Key, value: Value): Value;
  mapDelete(id: number, key: Key): boolean;
  /** The removed value (a ref with the claim that its hold became); `out[0]` 1 if the key was there. */
  mapTake(id: number, key: Key): Value;
  /** The number before (0 if absent). */
  mapAdd(id: number, key: Key, n: number): number;
  /** Expected is value 0, next is value 1. `out[0]` 1 if exchanged; else the result is the current value (borrowed). */
  mapCompareExchange(id: number, key: Key, expected: Value, next: Value): Value;
  mapClear(id: number): void;
  /** One value for each key, at most `batch`. Not one atomic step. */
  mapGetMany(id: number, mode: Mode, ...keys: Key[]): Value[];
  /** Keys and values alternating, at most `batch` arguments; value number = argument number (so values are numbers 1, 3, 5...).
   *  Stops at the first failure with its error; entries before it stay, though one that is no key or value at all may also stop
   *  some before it. `out[0]` is the number of entries set, on throw too. */
  mapSetMany(id: number, ...entries: Value[]): void;
  /** Keys and values alternating, at most `limit` entries (2 * limit <= batch) from place `position` of table `table` (0, 0: from the start).
   *  `out`: [position to go on, table, 1 if the table was rebuilt since (nothing read), version]. */
  mapRead(id: number, position: number, table: number, limit: number, mode: Mode): Value[];
  /** Finds the place behind a key: `out` [position, table]; false if the key is gone (then position 0). */
  mapFind(id: number, key: Key): boolean;

  vectorNew(): number;
  vectorLength(id: number): number;
  /** undefined if out of range, as all that is not whole. An index from the end if negative, as positions below. */
  vectorGet(id: number, index: number): Value;
  vectorAcquire(id: number, index: number): Value;
  vectorGetValue(id: number, index: number): Value;
  /** RangeError if out of range. */
  vectorSet(id: number, index: number, value: Value): void;
  /** New length. At most `batch` values; all or none. */
  vectorPush(id: number, ...values: Value[]): number;
  vectorUnshift(id: number, ...values: Value[]): number;
  /** New length, with the first `count` (<= batch) of `numbers` appended; all or none. */
  vectorPushNumbers(id: number, count: number): number;
  /** Handed over; `out[0]` 1 if there was one. */
  vectorPop(id: number): Value;
  vectorShift(id: number): Value;
  vectorRemoveAt(id: number, index: number): boolean;
  /** The removed elements, handed over; undefined, and nothing done, if they are more than `batch`. At most `batch` inserted. */
  vectorSplice(id: number, start: number, remove: number, ...values: Value[]): Value[] | undefined;
  /** Up to `limit` (<= batch) elements from the front, handed over. */
  vectorTakeMany(id: number, limit: number): Value[];
  vectorFill(id: number, value: Value, start: number, end: number): void;
  vectorReverse(id: number): void;
  vectorClear(id: number): void;
  /** -1 if none. */
  vectorIndexOf(
    id: number,
    value: Value,
    from: number,
    backwards: boolean,
    sameValueZero: boolean,
  ): number;
  /** At most `limit` (<= batch) elements; `out[3]` is the version. */
  vectorRead(id: number, start: number, limit: number, mode: Mode): Value[];
  /** Element i becomes the one that was at order[i]; ERR_CONFLICT if the version has changed. */
  vectorPermute(id: number, version: number, order: Uint32Array): void;

  /** Same names and types: same shape id, in every environment. `details[i]`: type tag for 'typed', shape id for 'shaped', else 0. */
  shapeDefine(
    names: readonly string[],
    types: readonly number[],
    details: readonly number[],
  ): number;
  /** `places[i]`: place of a number or boolean among those of the struct, -1 for other fields. */
  shapeInfo(shape: number): {
    names: string[];
    types: number[];
    details: number[];
    places: number[];
  };
  /** A value for each field in order, undefined for its default. */
  recordNew(shape: number, ...values: Value[]): number;
  /** count records, values in order (count * fields <= batch): their ids; all or none. */
  recordNewMany(shape: number, count: number, ...values: Value[]): number[];
  /** `shape` must be the record's. */
  recordGet(id: number, shape: number, field: number): Value;
  recordAcquire(id: number, shape: number, field: number): Value;
  recordGetValue(id: number, shape: number, field: number): Value;
  recordSet(id: number, shape: number, field: number, value: Value): void;
  /** Sets field `numbers[i]` to value i for each of these, at most `batch`; all or none, in one step. */
  recordUpdate(id: number, shape: number, ...values: Value[]): void;
  /** All fields in one step; `out[3]` is the version. */
  recordRead(id: number, shape: number, mode: Mode): Value[];

  /** Zeroed. */
  bytesNew(length: number): number;
  /** A copy of an ArrayBuffer's, typed array's or DataView's bytes. */
  bytesFrom(data: ArrayBufferLike | ArrayBufferView): number;
  bytesLength(id: number): number;
  /** A fresh ArrayBuffer over the payload itself; pins the payload until it is collected. */
  bytesView(id: number): ArrayBuffer;
  /** A private copy. */
  bytesCopy(id: number): ArrayBuffer;

  /** ERR_OUT_OF_RANGE unless the capacity is from 1 to 2^31 - 1. */
  queueNew(capacity: number): number;
  /** False if the queue is full: nothing has changed then. ERR_QUEUE_CLOSED. */
  queuePush(id: number, value: Value): boolean;
  /** Handed over; `out` [1 if there was one, 1 if there was none and the queue is closed]. */
  queuePop(id: number): Value;
  queueClose(id: number): void;
  /** `out` [length, capacity, 1 if it is closed]. */
  queueState(id: number): void;
  /** At most `limit` (<= batch) values from the one `start` places behind the oldest on; `out[3]` is the version. */
  queueRead(id: number, start: number, limit: number, mode: Mode): Value[];

  namesGet(name: string): Value;
  namesAcquire(name: string): Value;
  /** The value must be a ref. */
  namesSet(name: string, value: Value): void;
  /** What the name stands for afterwards (borrowed); `out[0]` 1 if this value was installed. */
  namesGetOrInsert(name: string, value: Value): Value;
  namesDelete(name: string): boolean;
  /** As mapRead, mode borrow. */
  namesRead(position: number, table: number, limit: number): Value[];

  /** A buffer over a window of the region; undefined if there is none, or none is allowed. */
  viewWindow(window: number): ArrayBuffer | undefined;
  /** Before view stores and optimistic reads: see csrc/core/epoch.h. */
  goOnline(): void;
  goOffline(): void;

  stats(): {
    /** Address space of the heap: costs nothing, cannot grow. */
    reserved: number;
    /** Bound of `usedBytes`; beyond it writes throw `ERR_HEAP_FULL`. */
    limit: number;
    /** Taken from the region: pages of slots, and extents of the allocator. */
    usedBytes: number;
    /** Asked for by contents of live objects, and by shapes. */
    liveBytes: number;
    /** Physical memory of the region at this moment. */
    residentBytes: number;
    /** Contents that are gone, until no thread can still be reading them. */
    limboBytes: number;
    /** Slots that wait for the same. */
    limboObjects: number;
    /** Contents of dropped objects that a `view()` or a long string still shows. */
    pinnedBytes: number;
    /** What the slot table has grown to; each holds one object at a time. */
    slots: number;
    /** Live objects. */
    objects: number;
    /** The same by type. */
    objectsByType: Record<string, number>;
    /** Threads, and vm contexts, that use the heap. */
    environments: number;
    /** Field lists of structs. */
    shapes: number;
    /** Rises when limbo is looked through. */
    epoch: number;
  };
  trim(): void;

  /** Claims from here on belong to the scopes of this environment; not twice before `scopeEnd`. */
  scopeBegin(): void;
  /** Gives up the claims of scopes that are left, and ends what `scopeBegin` began. */
  scopeEnd(): void;
  /** A claim on the object that was not taken but taken over belongs to the scopes. */
  scopeAdd(id: number): void;
  /** A claim on the object belongs to the scopes no more. */
  scopeRemove(id: number): void;

  /** The number of a creation site (a stack), 0 if memory is refused. */
  traceSite(stack: string): number;
  traceObject(id: number, site: number): void;

  /** All live objects but the map of names. `types` by class name; `biggest[i].type` is a tag. */
  survey(): {
    quiescent: boolean;
    types: Record<string, Tally>;
    biggest: { id: number; type: number; bytes: number }[];
    /** `site` undefined: unknown. */
    sites: { site: string | undefined; claimed: Tally; held: Tally; cycles: Tally }[];
  };
  /** What each of at most `batch` objects reaches, itself included; nothing for dead ids. */
  reach(...ids: number[]): Tally[];

  verify(): {
    /** Whether everything is consistent. */
    ok: boolean;
    /** Whether nothing changed during the walk; if not, only single objects were checked. */
    quiescent: boolean;
    /** How many were looked at. */
    objects: number;
    /** What is not consistent, in words. */
    problems: string[];
  };
}
