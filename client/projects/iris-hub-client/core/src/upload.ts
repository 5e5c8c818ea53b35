/** A body that leaves in frames, never more than the hub has given credit for. */
export class Upload {
  private sent = 0;
  private credit = 0;
  private isSending = false;
  private isStopped = false;

  /**
   * @param blob What to send.
   * @param frameBytes The most that one frame may hold.
   * @param send Takes a frame's data, and whether it is the last.
   * @param onUnreadable Called if the rest cannot be read: a file that was changed or removed meanwhile.
   */
  constructor(
    private readonly blob: Blob,
    private readonly frameBytes: number,
    private readonly send: (data: Uint8Array<ArrayBuffer>, end: boolean) => void,
    private readonly onUnreadable: () => void,
  ) {}

  get size(): number {
    return this.blob.size;
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Send as much as the hub is ready to take: `bytes` more than before. */
  async grant(bytes: number): Promise<void> {
    this.credit += bytes;
    if (this.isSending) return;
    this.isSending = true;
    try {
      await this.sendWhatMayBeSent();
    } catch {
      this.stop();
      this.onUnreadable();
    } finally {
      this.isSending = false;
    }
  }

  private async sendWhatMayBeSent(): Promise<void> {
    while (!this.isStopped && this.credit > 0 && this.sent < this.size) {
      const stop = Math.min(this.sent + Math.min(this.credit, this.frameBytes), this.size);
      const data = new Uint8Array(await this.blob.slice(this.sent, stop).arrayBuffer());
      if (this.isStopped) break;
      this.credit -= stop - this.sent;
      this.sent = stop;
      this.send(data, stop === this.size);
    }
  }
}
