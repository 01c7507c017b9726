import type { FastifyRequest } from 'fastify';

/** Of a request, whatever else it is. */
type Asked = Pick<FastifyRequest, 'headers' | 'protocol' | 'host'>;

const NAME = /^[\w.-]+(?::\d+)?$|^\[[\da-f:.]+\](?::\d+)?$/iu;

/**
 * The origin of our pages as a browser sees it: what a server before this one says that it was asked (it may speak https for us), else what this
 * one was. Pages of other origins cannot pretend it: a browser asks before it sends headers like these for them, and is given no leave.
 */
export function ownOrigin({ headers, protocol, host }: Asked): string {
  const name = firstOf(headers['x-forwarded-host']) ?? host;
  const scheme = firstOf(headers['x-forwarded-proto']) ?? protocol;
  const isSound = NAME.test(name) && ['http', 'https'].includes(scheme);
  return isSound ? `${scheme}://${name}` : `${protocol}://${host}`;
}

/** Of several servers on the way, the one that the browser asked. */
function firstOf(header: string | readonly string[] | undefined): string | undefined {
  const text = typeof header === 'string' ? header : header?.[0];
  return text?.split(',')[0]?.trim();
}
