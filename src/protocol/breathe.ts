/** Lets waiting messages and events in between two pieces of work: a cancellation, first of all. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
