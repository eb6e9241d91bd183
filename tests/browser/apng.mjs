// An animated PNG out of screenshots: of each frame, only the rectangle that has changed is kept.
// PNG specification, third edition (W3C): 9.2 filters, 11.3.6 animation. Reads what Chromium writes: 8 bits, RGB or RGBA, not interlaced.
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const CHANNELS = { 2: 3, 6: 4 };
const RGB = 2;

/** `[{ png, ms }]`, all of one size, shown one after the other for ever. */
export function animate(frames) {
  const shown = distinct(frames.map(({ png, ms }) => ({ ...decode(png), ms })));
  const [{ width, height }] = shown;
  let sequence = 0;
  const parts = [SIGNATURE, chunk("IHDR", header(width, height)), chunk("acTL", words(shown.length, 0))];
  for (const [index, { data, ms, box }] of shown.entries()) {
    parts.push(chunk("fcTL", control(sequence++, box, ms)));
    const packed = deflateSync(rows(data, width, box), { level: 9 });
    parts.push(index === 0 ? chunk("IDAT", packed) : chunk("fdAT", Buffer.concat([words(sequence++), packed])));
  }
  return Buffer.concat([...parts, chunk("IEND", Buffer.alloc(0))]);
}

/** Frames that look like the one before lengthen it; the others know what has changed since. */
function distinct(frames) {
  const shown = [];
  for (const frame of frames) {
    const last = shown.at(-1);
    const box = last ? changed(last, frame) : { x: 0, y: 0, width: frame.width, height: frame.height };
    if (box) shown.push({ ...frame, box });
    else last.ms += frame.ms;
  }
  return shown;
}

function changed(old, next) {
  const { width, height } = next;
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 3;
      if (old.data[at] === next.data[at] && old.data[at + 1] === next.data[at + 1] && old.data[at + 2] === next.data[at + 2]) continue;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), y];
    }
  }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** To RGB, three bytes a pixel. */
function decode(png) {
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const channels = CHANNELS[png[25]];
  const raw = inflateSync(Buffer.concat([...idat(png)]));
  const stride = width * channels;
  const data = Buffer.alloc(width * height * 3);
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; y += 1) {
    const start = y * (stride + 1);
    const row = unfilter(raw[start], raw.subarray(start + 1, start + 1 + stride), above, channels);
    for (let x = 0; x < width; x += 1) row.copy(data, (y * width + x) * 3, x * channels, x * channels + 3);
    above = row;
  }
  return { width, height, data };
}

function* idat(png) {
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") yield png.subarray(at + 8, at + 8 + length);
    at += length + 12;
  }
}

function unfilter(kind, row, above, channels) {
  const out = Buffer.alloc(row.length);
  for (let n = 0; n < row.length; n += 1) {
    const a = n < channels ? 0 : out[n - channels];
    const b = above[n];
    const c = n < channels ? 0 : above[n - channels];
    out[n] = row[n] + [0, a, b, (a + b) >> 1, paeth(a, b, c)][kind];
  }
  return out;
}

function paeth(a, b, c) {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** The lines of a rectangle, each behind its filter, none. */
function rows(data, width, box) {
  const lines = [];
  for (let y = box.y; y < box.y + box.height; y += 1) {
    const start = (y * width + box.x) * 3;
    lines.push(Buffer.from([0]), data.subarray(start, start + box.width * 3));
  }
  return Buffer.concat(lines);
}

const words = (...values) => {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) buffer.writeUInt32BE(value, index * 4);
  return buffer;
};
const header = (width, height) => Buffer.concat([words(width, height), Buffer.from([8, RGB, 0, 0, 0])]);

function control(sequence, { x, y, width, height }, ms) {
  const tail = Buffer.alloc(6); // the delay as a fraction of a second; then dispose: none, blend: source
  tail.writeUInt16BE(Math.min(ms, 0xffff), 0);
  tail.writeUInt16BE(1000, 2);
  return Buffer.concat([words(sequence, width, height, x, y), tail]);
}

function chunk(name, data) {
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  return Buffer.concat([words(data.length), named, words(crc32(named))]);
}
