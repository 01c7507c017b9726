import { useId } from 'react';
import type { ReactNode } from 'react';

interface FieldProps {
  readonly label: string;
  /** One sentence, in a tooltip and for screen readers. */
  readonly help?: string;
  readonly children: (ids: { readonly id: string; readonly helpId: string | undefined }) => ReactNode;
}

export function Field({ label, help, children }: FieldProps) {
  const id = useId();
  const helpId = help === undefined ? undefined : `${id}-help`;
  return (
    <div className="salt-field">
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
