import type { StoredInstance } from './instance.ts';

type Series = Map<string, StoredInstance>;

/** Which part of the archive: all of it, a study, a series or one instance. */
export interface Scope {
  readonly study?: string | undefined;
  readonly series?: string | undefined;
  readonly sop?: string | undefined;
}

/** Instances in memory, by study and series, in the order in which they were added. */
export class InstanceIndex {
  readonly #studies = new Map<string, Map<string, Series>>();
  readonly #byUid = new Map<string, StoredInstance>();

  get size(): number {
    return this.#byUid.size;
  }

  get studies(): number {
    return this.#studies.size;
  }

  /** A SOP Instance UID is unique in the world, so it is here whatever study it claims. */
  find(sop: string): StoredInstance | undefined {
    return this.#byUid.get(sop);
  }

  /** @returns false, and changes nothing, when there is one of that UID. */
  add(instance: StoredInstance): boolean {
    if (this.#byUid.has(instance.sop)) return false;
    this.#byUid.set(instance.sop, instance);
    const study = this.#studies.get(instance.study) ?? new Map<string, Series>();
    const series: Series = study.get(instance.series) ?? new Map<string, StoredInstance>();
    this.#studies.set(instance.study, study.set(instance.series, series.set(instance.sop, instance)));
    return true;
  }

  /** Instances of each series within the scope; each list has one at least. */
  *series(scope: Scope): Iterable<readonly StoredInstance[]> {
    for (const study of pick(this.#studies, scope.study)) {
      for (const series of pick(study, scope.series)) {
        const instances = [...pick(series, scope.sop)];
        if (instances.length > 0) yield instances;
      }
    }
  }

  instances(scope: Scope): StoredInstance[] {
    return [...this.series(scope)].flat();
  }
}

function pick<V>(map: ReadonlyMap<string, V>, key: string | undefined): Iterable<V> {
  if (key === undefined) return map.values();
  const value = map.get(key);
  return value === undefined ? [] : [value];
}
