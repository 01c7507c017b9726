const PATHS = {
  chevron: 'M6 3.5 10.5 8 6 12.5',
  close: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  pencil: 'M3 13l.8-3L10.6 3.2a1.2 1.2 0 0 1 1.7 0l.5.5a1.2 1.2 0 0 1 0 1.7L6 12.2 3 13z',
  brush: 'M13 3 7.5 9M6.6 8.6c-2 .2-2 2.6-4 3.4 2 1.2 5.6.8 5.4-2.2z',
  eraser: 'M6.5 13 3 9.5 9.5 3 13 6.5 8 13H6.5zM6 6.5l3.5 3.5',
  bin: 'M3.5 4.5h9M6.5 4.5V3h3v1.5M5 4.5l.5 8.5h5l.5-8.5',
  download: 'M8 3v7M5 7.5 8 10.5l3-3M3.5 13h9',
  next: 'M3 8h9M8.5 4.5 12 8l-3.5 3.5',
} as const;

export type IconName = keyof typeof PATHS;

/** Drawn in the colour of the text; the button around it says what it means. */
export function Icon({ name, className }: { readonly name: IconName; readonly className?: string }) {
  return (
    <svg
      className={className}
      width="15"
      height="15"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
