interface ProgressProps {
  readonly label: string;
  /** 0 to 1; null where it is not known. */
  readonly fraction: number | null;
  /** The state in words, for screen readers. */
  readonly text: string;
}

export function Progress({ label, fraction, text }: ProgressProps) {
  const percent = fraction === null ? undefined : Math.round(fraction * 100);
  return (
    <div
      className="salt-progress"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={text}
      data-unknown={percent === undefined ? '' : undefined}
    >
      <i style={percent === undefined ? undefined : { width: `${percent}%` }} />
    </div>
  );
}
