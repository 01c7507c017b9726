import { useId } from 'react';
import type { ReactNode } from 'react';

interface FieldProps {
  readonly label: string;
  /** One sentence, in a tooltip and for screen readers. */
  readonly help?: string;
  /** Gives what its label does not need to its content, which is long. */
  readonly short?: boolean;
  readonly children: (ids: { readonly id: string; readonly helpId: string | undefined }) => ReactNode;
}

export function Field({ label, help, short, children }: FieldProps) {
  const id = useId();
  const helpId = help === undefined ? undefined : `${id}-help`;
  return (
    <div className="salt-field" data-short={short === true ? '' : undefined}>
      <label htmlFor={id}>
        {help === undefined ? (
          label
        ) : (
          <span className="salt-help" title={help}>
            {label}
          </span>
        )}
      </label>
      <div>
        {children({ id, helpId })}
        {help !== undefined && (
          <span id={helpId} className="salt-sr">
            {help}
          </span>
        )}
      </div>
    </div>
  );
}
