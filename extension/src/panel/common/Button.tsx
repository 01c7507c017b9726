import type { ReactNode } from 'react';
import { useSession } from '../session-context.ts';

interface ButtonProps {
  readonly children: ReactNode;
  readonly onPress: () => unknown;
  readonly kind?: 'primary' | 'danger' | 'link' | 'icon';
  /** What it does, in a tooltip. */
  readonly hint?: string | undefined;
  /** Why it cannot be pressed now. It stays reachable by keyboard, so that the reason can be read. */
  readonly reason?: string | undefined;
  /** Name for screen readers, where the content is an icon. */
  readonly label?: string;
  readonly wide?: boolean;
  /** Takes the keyboard as soon as it is there: the safe answer of a question. */
  readonly focused?: boolean;
  readonly className?: string;
}

export function Button({
  children,
  onPress,
  kind,
  hint,
  reason,
  label,
  wide,
  focused,
  className,
}: ButtonProps) {
  const session = useSession();
  return (
    <button
      type="button"
      className={`salt-button ${className ?? ''}`}
      data-kind={kind}
      data-wide={wide === true ? '' : undefined}
      title={reason ?? hint ?? label}
      aria-label={label}
      autoFocus={focused}
      aria-disabled={reason === undefined ? undefined : true}
      onClick={() => {
        if (reason === undefined) void onPress();
        else session.say(reason);
      }}
    >
      {children}
    </button>
  );
}
