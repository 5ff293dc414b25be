// Runs mqtt-packet's test.js with a stand-in for its test runner, and writes down what the package parses and generates
// there: one line of JSON for each test.
//
//     node record.js FOLDER
'use strict'

const fs = require('node:fs')
const Module = require('node:module')
const path = require('node:path')

const folder = path.resolve(process.argv[2])
const real = require(folder)
const tests = []
let calls = []

// A packet as JSON has no bytes: they become {"hex": "…"}, and Maps and objects without a prototype become plain.
function plain (value) {
  if (Buffer.isBuffer(value)) return { hex: value.toString('hex') }
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}

const version = (options) => options && options.protocolVersion

function parser (options) {
  let call = null
  const inner = real.parser(options)
  inner.on('packet', (packet) => call.packets.push(plain(packet)))
  inner.on('error', (error) => { call.error = error.message })
  const parse = inner.parse
  inner.parse = function (bytes) {
    // After an error its parser begins anew.
    if (call === null || call.error !== null) {
      call = { does: 'parse', version: version(options), bytes: '', packets: [], error: null }
      calls.push(call)
    }
    call.bytes += bytes.toString('hex')
    return parse.call(inner, bytes)
  }
  return inner
}

function generate (packet, options) {
  const call = { does: 'generate', version: version(options), packet: plain(packet), bytes: null, error: null }
  calls.push(call)
  try {
    const bytes = real.generate(packet, options)
    call.bytes = bytes.toString('hex')
    return bytes
  } catch (error) {
    call.error = error.message
    throw error
  }
}

// Whatever a test asserts, the package's own runner has seen; only what it does to the package matters here.
const assertions = new Proxy({}, {
  get: (_, name) => name === 'throws' ? (run) => { try { run() } catch {} } : () => {}
})

function test (name, run) {
  calls = []
  try {
    run(assertions)
  } catch {
    // The error of a call is in its record.
  }
  tests.push({ name, calls })
}

const load = Module._load
Module._load = function (request, ...rest) {
  if (request === 'tape') return test
  const loaded = load.call(this, request, ...rest)
  return loaded === real ? { ...real, parser, generate } : loaded
}

require(path.join(folder, 'test.js'))
fs.writeSync(1, tests.map((test) => JSON.stringify(test) + '\n').join(''))
