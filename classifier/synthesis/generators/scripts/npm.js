// Draws with svg-captcha, trek-captcha or captcha-canvas, named by the first argument: a JSON request a line in, four
// bytes of length (big-endian) and an SVG, a GIF or a PNG out. All draw their looks from Math.random and crypto, which a seed takes over.
'use strict'
const crypto = require('crypto')

let state = 0
Math.random = () => { // mulberry32
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

// trek-captcha chooses its text itself, by the first of the bytes that it asks for.
let first = []
crypto.randomBytes = (size, done) => {
  const bytes = Buffer.from(Array.from({ length: size }, () => Math.floor(Math.random() * 256)))
  Buffer.from(first).copy(bytes)
  return done ? done(null, bytes) : bytes
}

const name = process.argv[2]
const draw = require(name)
// By the font's path; svg-captcha's own, under no path, has to be kept before another takes its place.
const fonts = name === 'svg-captcha' ? { '': loadedFont() } : {}
if (name === 'captcha-canvas') {
  // Its skia-canvas fetches a program from elsewhere; @napi-rs/canvas, installed under that name, need not.
  const { Canvas } = require('skia-canvas')
  Object.getPrototypeOf(new Canvas(1, 1)).toBufferSync ??= function () { return this.toBuffer('image/png') }
}

function loadedFont () {
  const { font, ascender, descender } = draw.options
  return { font, ascender, descender }
}

async function answer (ask) {
  if (name === 'svg-captcha') {
    if (!(ask.font in fonts)) {
      draw.loadFont(ask.font)
      fonts[ask.font] = loadedFont()
    }
    return Buffer.from(draw(ask.text, { ...ask.options, ...fonts[ask.font] }))
  }
  if (name === 'captcha-canvas') {
    const canvas = new draw.CaptchaGenerator(ask.size).setCaptcha({ ...ask.captcha, text: ask.text })
    return canvas.setTrace(ask.trace).setDecoy(ask.decoy).generateSync()
  }
  first = Array.from(ask.text, c => c.charCodeAt(0) - 97)
  const { buffer, token } = await draw({ size: ask.text.length, style: ask.style })
  if (token !== ask.text) throw new Error(`asked for ${ask.text}, it drew ${token}`)
  return buffer
}

async function main () {
  for await (const line of require('readline').createInterface({ input: process.stdin })) {
    const ask = JSON.parse(line)
    state = ask.seed | 0
    const image = await answer(ask)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(image.length)
    process.stdout.write(Buffer.concat([length, image]))
  }
}

main().catch(error => { console.error(error.message); process.exit(1) })
