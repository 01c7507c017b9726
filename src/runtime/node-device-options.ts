/** How a device of Node is opened. */
export interface NodeDeviceOptions {
  /** Threads for the operators on the processor. Default: one for each physical core. */
  readonly threads?: number;
  /**
   * False returns memory to the system as soon as a tensor dies, rather than keeping it for the next run: lower
   * peak, about a tenth slower. Default: true.
   */
  readonly arena?: boolean;
  /** On an accelerator: refuse graphs of which any operator would run on the processor. Default: false. */
  readonly strict?: boolean;
}
