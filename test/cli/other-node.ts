/** Arguments for Node with which a program takes it for another version. */
export function asOtherNode(version: string): string[] {
  const script = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`];
}
