/**
 * A pickle machine that can only build data: dicts, lists, tuples, strings, numbers, and the tensors and storages
 * of `torch-values.ts`. A pickle is a program; here no instruction reaches code outside this folder. A name that is
 * not on the list stops the machine when it is mentioned, before anything could be done with it.
 */
import { invalid, quote, refused } from './invalid.ts';
import { OPCODE, refusedOpcodeName } from './pickle-opcodes.ts';
import { PickleReader } from './pickle-reader.ts';
import {
  isKind,
  typeName,
  type DictKey,
  type PickleDict,
  type PickleTuple,
  type PickleValue,
} from './pickle-values.ts';
import { callTorch, storageFromId, TORCH_GLOBALS } from './torch-values.ts';

const ORDERED_DICT = 'collections.OrderedDict';
const NEWEST_PROTOCOL = 5;

/** Runs in time and memory proportional to `bytes`. @throws SaltError `CHECKPOINT_REFUSED`, `CHECKPOINT_INVALID` */
export function readPickle(bytes: Uint8Array): PickleValue {
  return new PickleMachine(bytes).run();
}

class PickleMachine {
  readonly #reader: PickleReader;
  readonly #stack: PickleValue[] = [];
  /** Heights of the stack where marks were set. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: Uint8Array) {
    this.#reader = new PickleReader(bytes);
  }

  run(): PickleValue {
    for (;;) {
      const opcode = this.#reader.uint8();
      if (opcode === OPCODE.STOP) return this.#result();
      this.#step(opcode);
    }
  }

  #step(opcode: number): void {
    const reader = this.#reader;
    switch (opcode) {
      case OPCODE.PROTO:
        return this.#protocol(reader.uint8());
      case OPCODE.FRAME:
        return reader.skip(8); // a hint for buffered reading
      case OPCODE.MARK:
        this.#marks.push(this.#stack.length);
        return;
      case OPCODE.NONE:
        return this.#push(null);
      case OPCODE.NEWTRUE:
        return this.#push(true);
      case OPCODE.NEWFALSE:
        return this.#push(false);
      case OPCODE.BININT:
        return this.#push(reader.int32());
      case OPCODE.BININT1:
        return this.#push(reader.uint8());
      case OPCODE.BININT2:
        return this.#push(reader.uint16());
      case OPCODE.LONG1:
        return this.#push(reader.integer(reader.uint8()));
      case OPCODE.BINFLOAT:
        return this.#push(reader.float64());
      case OPCODE.BINUNICODE:
        return this.#push(reader.text(reader.uint32()));
      case OPCODE.SHORT_BINUNICODE:
        return this.#push(reader.text(reader.uint8()));
      case OPCODE.EMPTY_LIST:
        return this.#push({ kind: 'list', items: [] });
      case OPCODE.EMPTY_DICT:
        return this.#push({ kind: 'dict', entries: new Map(), ordered: false });
      case OPCODE.EMPTY_TUPLE:
        return this.#push(tuple([]));
      case OPCODE.TUPLE1:
        return this.#push(tuple(this.#popMany(1)));
      case OPCODE.TUPLE2:
        return this.#push(tuple(this.#popMany(2)));
      case OPCODE.TUPLE3:
        return this.#push(tuple(this.#popMany(3)));
      case OPCODE.TUPLE:
        return this.#push(tuple(this.#popToMark()));
      case OPCODE.APPEND:
        return this.#append(this.#popMany(1));
      case OPCODE.APPENDS:
        return this.#append(this.#popToMark());
      case OPCODE.SETITEM:
        return this.#setItems(this.#popMany(2));
      case OPCODE.SETITEMS:
        return this.#setItems(this.#popToMark());
      case OPCODE.BINPUT:
        return this.#remember(reader.uint8());
      case OPCODE.LONG_BINPUT:
        return this.#remember(reader.uint32());
      case OPCODE.MEMOIZE:
        return this.#remember(this.#memo.size);
      case OPCODE.BINGET:
        return this.#recall(reader.uint8());
      case OPCODE.LONG_BINGET:
        return this.#recall(reader.uint32());
      case OPCODE.GLOBAL:
        return this.#global(reader.line(), reader.line());
      case OPCODE.STACK_GLOBAL:
        return this.#stackGlobal();
      case OPCODE.BINPERSID:
        return this.#push(storageFromId(this.#pop()));
      case OPCODE.REDUCE:
        return this.#reduce();
      case OPCODE.BUILD:
        return this.#build();
      default:
        throw this.#refuseOpcode(opcode);
    }
  }

  #protocol(version: number): void {
    if (version > NEWEST_PROTOCOL)
      throw invalid(`The pickle has protocol ${version}; ${NEWEST_PROTOCOL} is the newest.`);
  }

  #global(module: string, attribute: string): void {
    const name = `${module}.${attribute}`;
    if (name !== ORDERED_DICT && !TORCH_GLOBALS.has(name)) throw asksFor(name);
    this.#push({ kind: 'global', name });
  }

  #stackGlobal(): void {
    const [module, attribute] = this.#popMany(2);
    if (typeof module !== 'string' || typeof attribute !== 'string')
      throw invalid('A name in the pickle is no string.');
    this.#global(module, attribute);
  }

  #reduce(): void {
    const [callable, args] = this.#popMany(2);
    if (!isKind(callable, 'global'))
      throw refused(`The checkpoint calls a ${typeOf(callable)}. It was not executed.`);
    if (!isKind(args, 'tuple'))
      throw invalid(`${callable.name} is given a ${typeOf(args)} instead of arguments.`);
    if (callable.name === ORDERED_DICT) return this.#orderedDict(args);
    const tensor = callTorch(callable.name, args);
    if (!tensor)
      throw refused(`The checkpoint calls ${callable.name}, which is only a type. It was not executed.`);
    this.#push(tensor);
  }

  /** Always made empty and filled afterwards: to copy a list here would let a small pickle run for hours. */
  #orderedDict(args: PickleTuple): void {
    if (args.items.length > 0)
      throw refused(`The checkpoint calls ${ORDERED_DICT} with arguments. It was not executed.`);
    this.#push({ kind: 'dict', entries: new Map(), ordered: true });
  }

  /** Sets attributes of an object. On an OrderedDict (torch leaves `_metadata` there) they are ignored. */
  #build(): void {
    const [target, attributes] = this.#popMany(2);
    if (!isKind(target, 'dict') || !target.ordered || !isKind(attributes, 'dict')) {
      throw refused(`The checkpoint sets attributes of a ${typeOf(target)} (BUILD). It was not executed.`);
    }
    this.#push(target);
  }

  #append(values: readonly PickleValue[]): void {
    const target = this.#top();
    if (!isKind(target, 'list'))
      throw refused(`The checkpoint appends to a ${typeOf(target)}. It was not executed.`);
    for (const value of values) target.items.push(value);
  }

  #setItems(values: readonly PickleValue[]): void {
    const target = this.#top();
    if (!isKind(target, 'dict'))
      throw refused(`The checkpoint sets items of a ${typeOf(target)}. It was not executed.`);
    if (values.length % 2 === 1) throw invalid('A dict in the pickle has a key without a value.');
    for (let i = 0; i < values.length; i += 2) setItem(target, values[i], values[i + 1]);
  }

  #refuseOpcode(opcode: number): Error {
    const name = refusedOpcodeName(opcode);
    if (name === 'INST') return asksFor(`${this.#reader.line()}.${this.#reader.line()}`);
    return refused(
      `The checkpoint uses the pickle instruction ${name}; a checkpoint needs only tensors. It was not executed.`,
      {
        opcode: name,
      },
    );
  }

  #result(): PickleValue {
    const [value] = this.#popMany(1);
    if (value === undefined || this.#stack.length > 0 || this.#marks.length > 0 || this.#reader.left > 0) {
      throw invalid('The pickle does not end where it should.');
    }
    return value;
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #remember(index: number): void {
    this.#memo.set(index, this.#top());
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw invalid(`The pickle recalls a value ${index} that it never stored.`);
    this.#push(value);
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw emptyStack();
    return value;
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length - count < (this.#marks.at(-1) ?? 0)) throw emptyStack();
    return this.#stack.splice(this.#stack.length - count);
  }

  #popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw emptyStack();
    return this.#stack.splice(mark);
  }
}

function tuple(items: readonly PickleValue[]): PickleTuple {
  return { kind: 'tuple', items };
}

function setItem(dict: PickleDict, key: PickleValue | undefined, value: PickleValue | undefined): void {
  if (value === undefined || !isDictKey(key))
    throw invalid(`A dict in the pickle has a ${typeOf(key)} as key.`);
  dict.entries.set(key, value);
}

function isDictKey(key: PickleValue | undefined): key is DictKey {
  return key !== undefined && (key === null || typeof key !== 'object');
}

function typeOf(value: PickleValue | undefined): string {
  return value === undefined ? 'nothing' : typeName(value);
}

function asksFor(name: string): Error {
  const shown = quote(name).slice(1, -1);
  return refused(`The checkpoint asks for ${shown}; a checkpoint needs only tensors. It was not executed.`, {
    global: shown,
  });
}

function emptyStack(): Error {
  return invalid('The pickle takes more values than it has made.');
}
