import { useRef } from 'react';
import type { ReactNode } from 'react';
import { Button } from './Button.tsx';

interface FilePickProps {
  readonly children: ReactNode;
  readonly accept: string;
  readonly multiple?: boolean;
  readonly hint?: string;
  readonly kind?: 'link';
  readonly onFiles: (files: readonly File[]) => unknown;
}

/** A button that asks for files. */
export function FilePick({ children, accept, multiple, hint, kind, onFiles }: FilePickProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button {...(kind && { kind })} hint={hint} onPress={() => input.current?.click()}>
        {children}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        multiple={multiple}
        onChange={({ target }) => {
          const files = [...(target.files ?? [])];
          // Otherwise choosing the same file again would say nothing.
          target.value = '';
          if (files.length > 0) void onFiles(files);
        }}
      />
    </>
  );
}
