import { PNG } from 'pngjs'

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/**
 * Packs PNGs into a Windows .ico. Sizes below 256 are stored as 32-bit bitmaps, since some readers of small icons
 * (installers, resource editors) take no PNG; 256 px is stored as PNG, as Windows itself does.
 */
export function packIco(layers) {
  const images = layers.map(({ size, png }) => (size < 256 ? bitmap(png) : png))
  const header = Buffer.alloc(6 + 16 * layers.length)
  header.writeUInt16LE(1, 2)
  header.writeUInt16LE(layers.length, 4)
  let offset = header.length
  layers.forEach(({ size }, index) => {
    const at = 6 + 16 * index
    header.writeUInt8(size % 256, at)
    header.writeUInt8(size % 256, at + 1)
    header.writeUInt16LE(1, at + 4)
    header.writeUInt16LE(32, at + 6)
    header.writeUInt32LE(images[index].length, at + 8)
    header.writeUInt32LE(offset, at + 12)
    offset += images[index].length
  })
  return Buffer.concat([header, ...images])
}

/** A bitmap as icons hold it: no file header, rows from the bottom, BGRA, twice the height for the mask that follows. */
function bitmap(png) {
  const { width, height, data } = PNG.sync.read(png)
  const header = Buffer.alloc(40)
  header.writeUInt32LE(40, 0)
  header.writeInt32LE(width, 4)
  header.writeInt32LE(height * 2, 8)
  header.writeUInt16LE(1, 12)
  header.writeUInt16LE(32, 14)
  const pixels = Buffer.alloc(width * height * 4)
  const maskStride = Math.ceil(width / 32) * 4
  const mask = Buffer.alloc(maskStride * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4
      const row = height - 1 - y
      const to = (row * width + x) * 4
      pixels[to] = data[from + 2]
      pixels[to + 1] = data[from + 1]
      pixels[to + 2] = data[from]
      pixels[to + 3] = data[from + 3]
      if (data[from + 3] === 0) mask[row * maskStride + (x >> 3)] |= 0x80 >> (x & 7)
    }
  header.writeUInt32LE(pixels.length + mask.length, 20)
  return Buffer.concat([header, pixels, mask])
}

/** Which pictures an .icns holds, by type: a size in points and its double for dense screens share one rendering. */
const icnsTypes = [
  ['ic04', 16],
  ['ic11', 32],
  ['ic05', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic14', 512],
  ['ic09', 512],
  ['ic10', 1024],
]

/** Packs PNGs into a macOS .icns with the types that Apple's own iconutil writes. */
export function packIcns(layers) {
  const pngs = new Map(layers.map(({ size, png }) => [size, png]))
  const entries = icnsTypes.map(([type, size]) => {
    // These two types hold planes, not PNG: macOS garbles a PNG there.
    const data = type === 'ic04' || type === 'ic05' ? planes(pngs.get(size)) : pngs.get(size)
    return chunk(type, data)
  })
  return chunk('icns', Buffer.concat(entries))
}

function chunk(type, data) {
  const head = Buffer.alloc(8)
  head.write(type, 'latin1')
  head.writeUInt32BE(data.length + 8, 4)
  return Buffer.concat([head, data])
}

/** Alpha, red, green, blue, each in runs of the run-length coding that icns uses; ours are all literal. */
function planes(png) {
  const { data } = PNG.sync.read(png)
  const parts = [Buffer.from('ARGB')]
  for (const channel of [3, 0, 1, 2]) {
    const plane = Buffer.from(data.filter((_, index) => index % 4 === channel))
    for (let from = 0; from < plane.length; from += 128) {
      const run = plane.subarray(from, from + 128)
      parts.push(Buffer.from([run.length - 1]), run)
    }
  }
  return Buffer.concat(parts)
}

/** What a container says that it holds, read back: sizes in pixels, and whether each picture shows anything. */
export function readIco(file) {
  const count = file.readUInt16LE(4)
  return Array.from({ length: count }, (_, index) => {
    const at = 6 + 16 * index
    const length = file.readUInt32LE(at + 8)
    const offset = file.readUInt32LE(at + 12)
    const image = file.subarray(offset, offset + length)
    if (image.subarray(0, 8).equals(pngSignature)) return readPng(image)
    const width = image.readInt32LE(4)
    const height = image.readInt32LE(8) / 2
    return { width, height, shown: shows(image.subarray(40, 40 + width * height * 4)) }
  })
}

/** The same for an .icns; planes have no size of their own, so theirs is that of their type. */
export function readIcns(file) {
  const found = []
  for (let at = 8; at < file.length; at += file.readUInt32BE(at + 4)) {
    const type = file.toString('latin1', at, at + 4)
    const data = file.subarray(at + 8, at + file.readUInt32BE(at + 4))
    const size = new Map(icnsTypes).get(type)
    const picture = data.subarray(0, 8).equals(pngSignature)
      ? readPng(data)
      : { width: size, height: size, shown: data.some((byte) => byte !== 0) }
    found.push({ type, expected: size, ...picture })
  }
  return found
}

/** Size in pixels of a PNG, and whether it shows anything. */
export function readPng(file) {
  const { width, height, data } = PNG.sync.read(file)
  return { width, height, shown: shows(data) }
}

/** Some pixels are opaque and some nearly are not there: neither empty nor a filled square. */
function shows(pixels) {
  const alphas = pixels.filter((_, index) => index % 4 === 3)
  return alphas.some((alpha) => alpha === 255) && alphas.some((alpha) => alpha < 64)
}
