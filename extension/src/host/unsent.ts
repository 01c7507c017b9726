/**
 * The files of one save that the archive has not taken yet. Saved again as it was, a segmentation keeps its UIDs and only what is
 * missing is sent: nothing comes to be in the archive twice.
 */
export class Unsent<File> {
  #key = '';
  #files: readonly File[] = [];
  #sent = 0;

  /**
   * @param key equal for what would be the same files
   * @param encode is asked where there is nothing left of an earlier save
   * @param send is called for one after the other; what it rejects with ends the save, which may be called again
   * @returns all files, those that were sent before too
   */
  async send(
    key: string,
    encode: () => Promise<readonly File[]>,
    send: (file: File, n: number) => Promise<void>,
  ): Promise<readonly File[]> {
    if (key !== this.#key) {
      this.#files = await encode();
      this.#key = key;
      this.#sent = 0;
    }
    const files = this.#files;
    for (const [n, file] of files.entries()) {
      if (n < this.#sent) continue;
      await send(file, n);
      this.#sent = n + 1;
    }
    this.#key = '';
    this.#files = [];
    return files;
  }
}
