/** Body frames: a header of eight bytes, big-endian, and data ("Transport" in docs/channel-protocol.md). */

const HEADER_BYTES = 8;
const KIND_BODY = 1;
const FLAG_END = 1;

/** A part of a body; `end` marks the last one. */
export interface BodyFrame {
  id: number;
  end: boolean;
  data: Uint8Array<ArrayBuffer>;
}

export function encodeFrame({ id, end, data }: BodyFrame): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(HEADER_BYTES + data.byteLength);
  const view = new DataView(frame.buffer);
  view.setUint8(0, KIND_BODY);
  view.setUint8(1, end ? FLAG_END : 0);
  view.setUint32(4, id);
  frame.set(data, HEADER_BYTES);
  return frame;
}

/** Read a binary message; null if it is of a kind that this version does not know. */
export function decodeFrame(buffer: ArrayBuffer): BodyFrame | null {
  const view = new DataView(buffer);
  if (buffer.byteLength < HEADER_BYTES || view.getUint8(0) !== KIND_BODY) return null;
  return {
    id: view.getUint32(4),
    end: (view.getUint8(1) & FLAG_END) !== 0,
    data: new Uint8Array(buffer, HEADER_BYTES),
  };
}
