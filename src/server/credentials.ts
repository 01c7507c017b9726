import { readFile } from 'node:fs/promises';
import { reasonOf } from '../imaging/dicom/errors.ts';
import { SaltError } from '../protocol/errors.ts';

/** How an archive elsewhere is told who asks. They stay on this side. */
export type Credentials =
  | { readonly kind: 'none' }
  /** `name:password`, for Basic authentication (RFC 7617). */
  | { readonly kind: 'user'; readonly user: string }
  /** A file that holds a bearer token (RFC 6750). It is read for each request: tokens are short-lived, and whoever renews them writes them there. */
  | { readonly kind: 'token'; readonly file: string };

/** Characters of a bearer token (RFC 6750, section 2.1). */
const TOKEN = /^[\w.~+/-]+=*$/u;

/**
 * @returns the Authorization header of a request, where there is one
 * @throws SaltError `FILE_UNREADABLE` where the token cannot be read; the message does not repeat what the file holds
 */
export async function authorizationBy(credentials: Credentials): Promise<string | undefined> {
  switch (credentials.kind) {
    case 'none':
      return undefined;
    case 'user':
      return `Basic ${Buffer.from(credentials.user, 'utf8').toString('base64')}`;
    case 'token':
      return `Bearer ${await tokenIn(credentials.file)}`;
  }
}

async function tokenIn(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new SaltError(
      'FILE_UNREADABLE',
      `The archive's token cannot be read from ${file} (${reasonOf(cause)}).`,
      { file },
      { cause },
    );
  }
  const token = text.trim().replace(/^bearer\s+/iu, '');
  if (TOKEN.test(token)) return token;
  throw new SaltError(
    'FILE_UNREADABLE',
    `${file} holds no bearer token: write the token alone into it, as the archive's log-in service gives it in "access_token".`,
    { file },
  );
}
