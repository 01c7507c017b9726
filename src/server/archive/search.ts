import { firstText } from '../dicom/json.ts';
import type { DicomJson, JsonAttribute, JsonValue } from '../dicom/json.ts';
import { ATTRIBUTES, DERIVED, SERIES_UID, SOP_UID, STUDY_UID } from './attributes.ts';
import type { Level } from './attributes.ts';
import type { InstanceIndex, Scope } from './instance-index.ts';
import type { StoredInstance } from './instance.ts';
import { matches } from './match.ts';
import type { Condition } from './match.ts';

export interface Search {
  readonly level: Level;
  readonly scope: Scope;
  readonly conditions: readonly Condition[];
  readonly offset: number;
  readonly limit: number;
  /** Tags to give back besides those of the level; attributes of levels above are left out unless named here. */
  readonly include: ReadonlySet<string> | 'all';
}

export interface Found {
  /** In the DICOM JSON Model, without Retrieve URL. */
  readonly results: readonly DicomJson[];
  /** More that the limit held back. */
  readonly remaining: number;
}

/** Tags that can be searched by at a level: its own and those above. */
export function searchable(level: Level): ReadonlySet<string> {
  const { study, series, instance } = ATTRIBUTES;
  const { modalitiesInStudy, sopClassesInStudy } = DERIVED;
  const ofStudy = [...study, modalitiesInStudy, sopClassesInStudy];
  if (level === 'study') return new Set(ofStudy);
  return new Set(level === 'series' ? [...ofStudy, ...series] : [...ofStudy, ...series, ...instance]);
}

/** Studies, series or instances that meet all conditions, studies newest first. */
export function search(index: InstanceIndex, query: Search): Found {
  const { level, scope, conditions, offset, limit } = query;
  const found: DicomJson[] = [];
  for (const series of byStudy(index, scope)) {
    const study = ofStudy(series);
    if (level === 'study') found.push(study);
    for (const instances of level === 'study' ? [] : series) {
      if (scope.series !== undefined && instances[0]?.series !== scope.series) continue;
      const one = { ...study, ...ofSeries(instances) };
      if (level === 'series') found.push(one);
      else found.push(...instances.map((instance) => ({ ...one, ...ofInstance(instance) })));
    }
  }
  const matching = found.filter((dataSet) => matches(dataSet, conditions)).sort(byDateAndNumber);
  const results = matching.slice(offset, offset + limit).map((dataSet) => returned(dataSet, query));
  return { results, remaining: Math.max(0, matching.length - offset - results.length) };
}

/** PS3.18 10.6.3.3: attributes of the levels that the resource does not already name, and of its own. */
function returned(dataSet: DicomJson, { level, scope, include }: Search): DicomJson {
  if (include === 'all') return dataSet;
  const { study, series } = searched(level, scope);
  const left = new Set([...(study ? [] : OF_STUDY), ...(series ? [] : OF_SERIES)]);
  return Object.fromEntries(Object.entries(dataSet).filter(([tag]) => !left.has(tag) || include.has(tag)));
}

/** Whether the answer tells about the study and the series. */
function searched(level: Level, scope: Scope): { study: boolean; series: boolean } {
  return {
    study: level === 'study' || scope.study === undefined,
    series: level === 'series' || (level === 'instance' && scope.series === undefined),
  };
}

const OF_STUDY = [
  ...ATTRIBUTES.study.filter((tag) => tag !== STUDY_UID),
  DERIVED.modalitiesInStudy,
  DERIVED.sopClassesInStudy,
  DERIVED.seriesInStudy,
  DERIVED.instancesInStudy,
];
const OF_SERIES = [...ATTRIBUTES.series.filter((tag) => tag !== SERIES_UID), DERIVED.instancesInSeries];

function byStudy(index: InstanceIndex, scope: Scope): Iterable<(readonly StoredInstance[])[]> {
  const studies = new Map<string, (readonly StoredInstance[])[]>();
  for (const series of index.series({ study: scope.study })) {
    const uid = series[0]?.study ?? '';
    studies.set(uid, [...(studies.get(uid) ?? []), series]);
  }
  // What a study says of itself counts all of its series; only then is it narrowed down.
  return studies.values();
}

function ofStudy(series: readonly (readonly StoredInstance[])[]): DicomJson {
  const all = series.flat();
  return {
    '00080005': { vr: 'CS', Value: ['ISO_IR 192'] },
    ...attributes(all, ATTRIBUTES.study),
    [DERIVED.instanceAvailability]: { vr: 'CS', Value: ['ONLINE'] },
    [DERIVED.modalitiesInStudy]: distinct(
      'CS',
      all.flatMap(({ attributes: own }) => own['00080060']?.Value ?? []),
    ),
    [DERIVED.sopClassesInStudy]: distinct(
      'UI',
      all.map(({ sopClass }) => sopClass),
    ),
    [DERIVED.seriesInStudy]: { vr: 'IS', Value: [series.length] },
    [DERIVED.instancesInStudy]: { vr: 'IS', Value: [all.length] },
  };
}

function ofSeries(instances: readonly StoredInstance[]): DicomJson {
  return {
    ...attributes(instances, ATTRIBUTES.series),
    [DERIVED.instancesInSeries]: { vr: 'IS', Value: [instances.length] },
  };
}

function ofInstance(instance: StoredInstance): DicomJson {
  return {
    ...attributes([instance], ATTRIBUTES.instance),
    [DERIVED.availableTransferSyntax]: { vr: 'UI', Value: [instance.transferSyntax] },
  };
}

/** The first instance that has a value decides: a segmentation may leave out what its images say. */
function attributes(instances: readonly StoredInstance[], tags: readonly string[]): DicomJson {
  const json: DicomJson = {};
  for (const tag of tags) {
    const having = instances.find(({ attributes: own }) => own[tag]?.Value !== undefined) ?? instances[0];
    const attribute = having?.attributes[tag];
    if (attribute) json[tag] = attribute;
  }
  return json;
}

function distinct(vr: string, values: readonly JsonValue[]): JsonAttribute {
  return { vr, Value: [...new Set(values)] };
}

function byDateAndNumber(a: DicomJson, b: DicomJson): number {
  const text = firstText;
  const number = (json: DicomJson, tag: string): number => Number(firstText(json, tag));
  const date = (json: DicomJson): string => text(json, '00080020') + text(json, '00080030');
  if (date(a) !== date(b)) return date(a) < date(b) ? 1 : -1;
  // Others keep the order in which their files were found.
  if (text(a, STUDY_UID) !== text(b, STUDY_UID)) return 0;
  if (number(a, '00200011') !== number(b, '00200011')) return number(a, '00200011') - number(b, '00200011');
  if (text(a, SERIES_UID) !== text(b, SERIES_UID)) return 0;
  return text(a, SOP_UID) === text(b, SOP_UID) ? 0 : number(a, '00200013') - number(b, '00200013');
}
