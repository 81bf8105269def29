// A response while it comes, for pictures that are shown before they are whole.

/** The bytes of a response as they come. A connection that breaks ends them. */
export class Arriving {
  #reader;
  #chunks = [];
  #size = 0;
  #done;
  #news = null;
  isOver = false;

  constructor(response) {
    this.#reader = response.body.getReader();
    this.#done = this.#read();
    this.#done.catch(() => {}); // told to who awaits it
  }

  async #read() {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#chunks.push(value);
        this.#size += value.length;
        this.#news?.();
      }
    } catch (error) {
      if (error.name === "AbortError" || this.#size === 0) throw error;
    } finally {
      this.isOver = true;
      this.#news?.();
    }
  }

  #joined() {
    const bytes = new Uint8Array(this.#size);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  /** What there is, again and again while more comes. */
  async *states(pauseMs) {
    let seen = 0;
    while (!this.isOver) {
      if (this.#size === seen) {
        await new Promise((resolve) => (this.#news = resolve));
        continue;
      }
      seen = this.#size;
      yield this.#joined();
      await Promise.race([this.#done, new Promise((resolve) => setTimeout(resolve, pauseMs))]);
    }
  }

  async all() {
    await this.#done;
    return this.#joined();
  }
}
