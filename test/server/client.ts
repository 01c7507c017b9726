/** DICOMweb as a plain client speaks it. */
import assert from 'node:assert/strict';
import type { DicomJson } from '../../src/server/dicom/json.ts';

export interface ReceivedPart {
  readonly headers: Headers;
  readonly body: Buffer;
}

export async function find(root: string, query: string): Promise<DicomJson[]> {
  const response = await fetch(`${root}/${query}`, { headers: { Accept: 'application/dicom+json' } });
  if (response.status === 204) return [];
  assert.equal(response.status, 200, `${query}: ${response.status}`);
  assert.equal(response.headers.get('content-type'), 'application/dicom+json');
  return (await response.json()) as DicomJson[];
}

export function value(dataSet: DicomJson | undefined, tag: string): unknown {
  return dataSet?.[tag]?.Value?.[0];
}

export function values(dataSets: readonly DicomJson[], tag: string): unknown[] {
  return dataSets.map((dataSet) => value(dataSet, tag)).sort();
}

export async function fetchParts(url: string, accept: string): Promise<ReceivedPart[]> {
  const response = await fetch(url, { headers: { Accept: accept } });
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(response.status, 200, `${url}: ${bytes.toString('latin1', 0, 500)}`);
  return splitParts(bytes, response.headers.get('content-type') ?? '');
}

export function splitParts(bytes: Buffer, contentType: string): ReceivedPart[] {
  const boundary = /boundary="?([^";]+)"?/u.exec(contentType)?.[1];
  assert.ok(boundary, `no boundary in ${contentType}`);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const whole = Buffer.concat([Buffer.from('\r\n'), bytes]);
  const parts: ReceivedPart[] = [];
  let start = whole.indexOf(delimiter) + delimiter.length;
  while (whole.toString('latin1', start, start + 2) !== '--') {
    const end = whole.indexOf(delimiter, start);
    assert.ok(end > 0, 'the last boundary is missing');
    const headEnd = whole.indexOf('\r\n\r\n', start);
    const lines = whole.toString('latin1', start + 2, headEnd).split('\r\n');
    const headers = new Headers(
      lines.map((line) => line.split(/:\s*(.*)/su).slice(0, 2) as [string, string]),
    );
    parts.push({ headers, body: whole.subarray(headEnd + 4, end) });
    start = end + delimiter.length;
  }
  return parts;
}

export const BOUNDARY = 'boundary-of-the-test';

export function multipart(files: readonly Uint8Array[], type = 'application/dicom'): Buffer {
  return Buffer.concat([
    ...files.flatMap((file) => [
      Buffer.from(`--${BOUNDARY}\r\nContent-Type: ${type}\r\n\r\n`),
      Buffer.from(file),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ]);
}

export async function post(
  url: string,
  body: Uint8Array,
  contentType = `multipart/related; type="application/dicom"; boundary=${BOUNDARY}`,
): Promise<{ status: number; warning: string | null; answer: DicomJson & { readonly error?: string } }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': contentType, Accept: 'application/dicom+json' },
    body: Buffer.from(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    warning: response.headers.get('warning'),
    answer: (text.startsWith('{') ? JSON.parse(text) : {}) as DicomJson & { readonly error?: string },
  };
}
